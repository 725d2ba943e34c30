"""The paper's two results and their statistics, on arrays."""

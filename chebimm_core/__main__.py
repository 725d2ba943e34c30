"""``python -m chebimm_core``."""

from chebimm_core.cli import main

if __name__ == "__main__":
    main()

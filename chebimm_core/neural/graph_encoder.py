"""Graph networks in plain torch: GIN, GCN and GAT over atoms and bonds.

GIN: Xu et al. 2019, arXiv:1810.00826, with bond features as in Hu et al. 2020, arXiv:1905.12265.
GCN: Kipf and Welling 2017, arXiv:1609.02907. GAT: Velickovic et al. 2018, arXiv:1710.10903.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from chebimm_core.neural.encoder import States
from chebimm_core.neural.graphs import (
    ATOM_SIZES,
    BOND_SIZES,
    Graph,
    GraphBatch,
    batch_graphs,
    graph_from_smiles,
    owners,
)

GraphKind = Literal["gin", "gcn", "gat"]
GAT_HEADS = 4


class GraphEncoder(nn.Module):
    """Reads SMILES as graphs; its states are the atoms, in RDKit's order.

    Args:
        kind: Which rule passes messages.
        width: D; for GAT a multiple of :data:`GAT_HEADS`.
        layers: Rounds of messages.
    """

    def __init__(self, kind: GraphKind, *, width: int = 64, layers: int = 4) -> None:
        super().__init__()
        self.width = width
        self.atoms = nn.Linear(sum(ATOM_SIZES), width)
        self.bonds = nn.ModuleList(
            nn.Linear(sum(BOND_SIZES), width, bias=False) for _ in range(layers)
        )
        self.rules = nn.ModuleList(_RULES[kind](width) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))

    def prepare(self, texts: Sequence[str]) -> list[Graph | None]:
        return [graph_from_smiles(text) for text in texts]

    def collate(self, examples: Sequence[Graph], device: torch.device) -> GraphBatch:
        return batch_graphs(examples, device)

    def encode(self, batch: GraphBatch) -> States:
        atoms = self.atoms(batch.atoms)
        for rule, norm, bonds in zip(self.rules, self.norms, self.bonds, strict=True):
            heard = rule(atoms, batch.edges, bonds(batch.bonds))
            atoms = atoms + torch.relu(norm(heard))
        return _padded(atoms, batch.sizes)


class Gin(nn.Module):
    """A perceptron of the atom and the sum of its neighbours."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1))
        self.update = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )

    def forward(self, atoms: Tensor, edges: Tensor, bonds: Tensor) -> Tensor:
        sent = torch.relu(atoms.index_select(0, edges[0]) + bonds)
        heard = torch.zeros_like(atoms).index_add(0, edges[1], sent.to(atoms.dtype))
        updated: Tensor = self.update((1 + self.scale) * atoms + heard)
        return updated


class Gcn(nn.Module):
    """The mean over the neighbourhood, weighted by the degrees of both ends."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.update = nn.Linear(width, width)

    def forward(self, atoms: Tensor, edges: Tensor, bonds: Tensor) -> Tensor:
        ones = torch.ones_like(edges[1], dtype=atoms.dtype)
        degree = torch.ones_like(atoms[:, 0]).index_add(0, edges[1], ones)
        norm = degree.rsqrt()
        sent = (atoms.index_select(0, edges[0]) + bonds) * (norm[edges[0]] * norm[edges[1]])[
            :, None
        ]
        heard = (atoms / degree[:, None]).index_add(0, edges[1], sent.to(atoms.dtype))
        updated: Tensor = self.update(heard)
        return updated


class Gat(nn.Module):
    """A sum over the neighbourhood and the atom itself, weighted by learned attention."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.each = width // GAT_HEADS
        self.atom = nn.Linear(width, width, bias=False)
        self.bond = nn.Linear(width, width, bias=False)
        self.score = nn.Parameter(torch.empty(GAT_HEADS, 3 * self.each))
        nn.init.xavier_uniform_(self.score)

    def forward(self, atoms: Tensor, edges: Tensor, bonds: Tensor) -> Tensor:
        n = len(atoms)
        loops = torch.arange(n, device=atoms.device)
        source, target = torch.cat([edges[0], loops]), torch.cat([edges[1], loops])
        h = self.atom(atoms).view(n, GAT_HEADS, self.each)
        linked = torch.cat([self.bond(bonds), torch.zeros_like(h.flatten(1))])
        e = linked.view(-1, GAT_HEADS, self.each)
        pairs = torch.cat([h.index_select(0, source), h.index_select(0, target), e], dim=-1)
        score = nn.functional.leaky_relu((pairs * self.score).sum(-1), 0.2)  # (E, heads)
        weight = _softmax(score, target, n)
        sent = (h.index_select(0, source) + e) * weight[..., None]
        return torch.zeros_like(h).index_add(0, target, sent.to(h.dtype)).flatten(1)


_RULES: dict[str, type[Gin] | type[Gcn] | type[Gat]] = {"gin": Gin, "gcn": Gcn, "gat": Gat}


def _softmax(score: Tensor, target: Tensor, n: int) -> Tensor:
    """(E, heads) scores -> weights that add up to 1 over the edges into each atom."""
    top = torch.full((n, score.shape[1]), -torch.inf, device=score.device, dtype=score.dtype)
    top = top.scatter_reduce(0, target[:, None].expand_as(score), score, "amax")
    weight = torch.exp(score - top[target])
    return weight / torch.zeros_like(top).index_add(0, target, weight)[target]


def _padded(atoms: Tensor, sizes: Tensor) -> States:
    """Atoms of all molecules -> (B, largest, D) with a mask."""
    owner = owners(sizes)
    starts = torch.cumsum(sizes, 0) - sizes
    place = torch.arange(len(atoms), device=atoms.device) - starts[owner]
    longest = int(sizes.max())
    values = atoms.new_zeros(len(sizes), longest, atoms.shape[1])
    values = values.index_put((owner, place), atoms)
    mask = torch.arange(longest, device=atoms.device)[None, :] < sizes[:, None]
    return States(values, mask)

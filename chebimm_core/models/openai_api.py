"""Any chat model behind an endpoint that speaks OpenAI's protocol, hosted or on this machine.

Few-shot prompting with the most similar training molecules follows Li et al. 2024 (MolReGPT),
doi:10.1109/TKDE.2024.3393356.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from chebimm_core.domain.run import Usage
from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.errors import MissingDependencyError, OfflineError, SettingError
from chebimm_core.models.endpoint_client import Endpoint, EndpointClient, RequestFailedError
from chebimm_core.models.few_shot import Neighbours
from chebimm_core.models.prompts import Example, answer_of, messages
from chebimm_core.models.protocols import FitContext, Generated

if TYPE_CHECKING:
    import pandas as pd

_INPUTS = {
    "caption": ("graph", "SMILES", "InChI", "SELFIES", "IUPAC"),
    "IUPAC": ("graph", "SMILES", "InChI", "SELFIES", "caption"),
    "SMILES": ("caption", "IUPAC"),
}

PARAMETERS = (
    Parameter(
        "base_url",
        "Base address",
        "http://127.0.0.1:8000/v1",
        "Address of the endpoint up to /v1: a hosted one, or a local server of open weights.",
    ),
    Parameter("model", "Model", "", "Name by which the endpoint knows the model."),
    Parameter(
        "key_variable",
        "Key variable",
        "OPENAI_API_KEY",
        "Environment variable that holds the key. The key itself is never stored or logged.",
    ),
    Parameter(
        "shots",
        "Examples",
        10,
        "Most similar training molecules shown with their answers (k-shot).",
        low=0,
        high=64,
    ),
    Parameter("temperature", "Temperature", 0.0, "0 repeats itself best.", low=0.0, high=2.0),
    Parameter(
        "max_tokens", "Longest answer", 512, "In tokens of the model.", low=8, high=32_768
    ),
    Parameter(
        "concurrency", "Requests at once", 8, "Limited by the endpoint.", low=1, high=64,
        advanced=True,
    ),
    Parameter(
        "retries", "Tries more", 5, "After 429, 5xx, time-outs, torn answers.", low=0, high=20,
        advanced=True,
    ),
    Parameter("timeout_s", "Time limit", 120.0, "Seconds a request.", low=0.1, high=3600.0,
              advanced=True),
    Parameter("price_in", "Price in", 0.0, "US$ for a million prompt tokens; only for the cost "
              "shown.", low=0.0, high=1e4, advanced=True),
    Parameter("price_out", "Price out", 0.0, "US$ for a million completion tokens.", low=0.0,
              high=1e4, advanced=True),
)  # fmt: skip

CARDS = (
    ModelCard(
        name="endpoint",
        title="Chat endpoint (OpenAI protocol)",
        family="endpoint",
        abilities=(
            Ability(
                "generate",
                tuple(Transition((s,), t) for t, sources in _INPUTS.items() for s in sources),
                "chebimm_core.models.openai_api:ChatEndpoint",
                PARAMETERS,
                smallest_batch=32,
            ),
        ),
        description="Asks a chat model, hosted or local, with the most similar training molecules "
        "as examples. Answers are kept, so that nothing is asked twice.",
        trained_on="unknown: what the endpoint's model was trained on, and the examples shown",
        license="that of the endpoint's model",
        reference="Li et al. 2024, doi:10.1109/TKDE.2024.3393356",
    ),
)


class ChatEndpoint:
    """Asks one endpoint; arguments as :data:`PARAMETERS`."""

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        key_variable: str,
        shots: int,
        temperature: float,
        max_tokens: int,
        concurrency: int,
        retries: int,
        timeout_s: float,
        price_in: float,
        price_out: float,
    ) -> None:
        if not model.strip():
            raise SettingError(
                "The endpoint must be told which model to use",
                value=model,
                do="Set the parameter model to the name the endpoint lists",
            )
        self._endpoint = Endpoint(
            base_url, model.strip(), os.environ.get(key_variable) or None, timeout_s, retries
        )
        self._key_variable = key_variable
        self._options = {"temperature": temperature, "max_tokens": max_tokens}
        self._shots, self._concurrency = shots, concurrency
        self._prices = (price_in, price_out)
        self._client: EndpointClient | None = None
        self._neighbours: Neighbours | None = None
        self._examples: list[Example] = []
        self._transition: Transition | None = None
        self._context = FitContext()

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Lays out the training molecules to choose examples from; nothing is asked yet."""
        if self._endpoint.key is None and self._endpoint.base_url.startswith("https://"):
            raise MissingDependencyError(
                "A hosted endpoint wants a key",
                value=self._key_variable,
                do=f"Set the environment variable {self._key_variable} before the worker starts",
            )
        self._client = EndpointClient(self._endpoint, context.cache)
        self._transition, self._context = transition, context
        if self._shots:
            pairs = zip(train["input"], train["target"], strict=True)
            self._examples = [Example(str(a), str(b)) for a, b in pairs]
        if self._examples:
            self._neighbours = Neighbours([e.given for e in self._examples], transition.sources[0])
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Asks for all inputs, several at once; a request that stays unanswered is a row."""
        with ThreadPoolExecutor(self._concurrency) as pool:
            asked = [pool.submit(self._ask, text) for text in inputs]
            try:
                found = [one.result() for one in asked]
            except (SettingError, OfflineError):
                pool.shutdown(cancel_futures=True)  # what is wrong is wrong for all
                raise
        price_in, price_out = self._prices
        spent = [usage for _, usage in found]
        prompt = sum(u.prompt_tokens for u in spent)
        completion = sum(u.completion_tokens for u in spent)
        self._context.spend(
            Usage(
                requests=sum(u.requests for u in spent),
                from_cache=sum(u.from_cache for u in spent),
                prompt_tokens=prompt,
                completion_tokens=completion,
                cost=(prompt * price_in + completion * price_out) / 1e6,
            )
        )
        return [answer for answer, _ in found]

    def _ask(self, text: str) -> tuple[Generated, Usage]:
        assert self._client is not None and self._transition is not None
        near = [] if self._neighbours is None else self._neighbours.nearest(text, self._shots)
        chat = messages(self._transition, text, [self._examples[k] for k in reversed(near)])
        try:
            reply = self._client.ask({"messages": chat, **self._options})
        except RequestFailedError as error:
            return Generated(None, str(error)), Usage(requests=1)
        output = answer_of(reply.text)
        answer = Generated(output) if output else Generated(None, "The endpoint gave no text")
        if reply.cached:
            return answer, Usage(from_cache=1)
        return answer, Usage(
            requests=1,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
        )

"""The shards computed through Ray Data, on one machine or several: `pip install dixtill[ray]`.

One task reads the texts, a shard's worth at a time; actors that hold the teacher turn each into the bytes of its shard;
this process writes them. Ray holds the reader back while the actors are busy, so nothing here grows with the corpus.

Where RAY_ADDRESS names a cluster, that one is used: DiXtill has to be installed and the teacher's folder to be at the
same place on each of its machines, while the texts and the store are needed here only. Otherwise a cluster is started
here for as long as the computation takes; it listens on localhost only, without a dashboard, and reports to nobody.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dixtill_core.config import ExplainConfig
from dixtill_core.distill.target_engines import WORKER_THREADS, ShardWork, TeacherSource
from dixtill_core.distill.target_keys import text_keys
from dixtill_core.distill.target_missing import MissingTexts
from dixtill_core.distill.target_rows import compute_rows, finish
from dixtill_core.distill.target_shards import shard_bytes, shard_name
from dixtill_core.errors import DixtillError

CONNECT_SECONDS = 10.0
OBJECT_STORE_BYTES = 256 * 2**20
"""Of a cluster that is started here."""
QUEUED_BYTES = 64 * 2**20
"""What lies in the object store between reader, actors and this process: some hundred shards, of about 100 KB each."""


@dataclass(frozen=True)
class RayData:
    """Computes with actors of one core each, or one GPU each where the cluster has any."""

    source: TeacherSource
    workers: int | None = None
    """As many as the cluster has GPUs, or else cores, where None."""

    def run(self, work: ShardWork) -> Iterator[int]:
        """Compute and write all shards; yield how many texts were just finished.

        Raises:
            DixtillError: Ray is not installed, cannot be started or reached, or a worker failed.
        """
        with _connected(self.workers) as ray, _as_errors_of_the_user(ray):
            gpus = int(ray.cluster_resources().get("GPU", 0))
            workers = self.workers or gpus or max(1, int(ray.cluster_resources().get("CPU", 1)))
            texts = ray.data.read_datasource(_datasource(work.missing), override_num_blocks=1, num_cpus=0)
            shards = texts.map_batches(
                _ShardActor,
                fn_constructor_args=(self.source, work.explain),
                batch_size=1,
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=min(workers, work.missing.shard_count)),
                num_cpus=WORKER_THREADS,
                num_gpus=1 if gpus else 0,
            )
            for shard in shards.iter_rows():
                if shard["error"]:
                    raise DixtillError(shard["error"])
                work.shards.write(shard["name"], shard["content"])
                yield shard["texts"]


class _ShardActor:
    """Holds the teacher in a worker of Ray and computes one shard after the other.

    What goes wrong is handed back as a row, because Ray would log it over many screens and try again without end.
    """

    def __init__(self, source: TeacherSource, explain: ExplainConfig | None) -> None:
        self.explain = explain
        self.error = ""
        try:
            self.teacher = source.load()
        except DixtillError as error:
            self.error = str(error)

    def __call__(self, batch: pa.Table) -> pa.Table:
        (texts,) = batch.column("texts").to_pylist()
        content, error = b"", self.error
        if not error:
            try:
                content = shard_bytes(finish(compute_rows(self.teacher, self.explain, texts, WORKER_THREADS)))
            except Exception as failure:  # Whatever it is, the user has to hear of it.
                error = str(failure) if isinstance(failure, DixtillError) else f"A worker failed: {type(failure).__name__}: {failure}"
        return pa.table({"name": [shard_name(text_keys(texts))], "content": [content], "texts": [len(texts)], "error": [error]})


def _datasource(missing: MissingTexts) -> Any:
    """A source for Ray Data: one task that reads the stream and hands on a row for each shard."""
    from ray.data import Datasource
    from ray.data.block import BlockMetadata
    from ray.data.datasource import ReadTask

    class MissingTextsDatasource(Datasource):
        supports_distributed_reads = False
        """The file is on this machine."""

        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None) -> list[Any]:
            size = BlockMetadata(num_rows=missing.shard_count, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(lambda: (pa.table({"texts": [texts]}) for texts in missing), size)]

    return MissingTextsDatasource()


@contextmanager
def _connected(workers: int | None) -> Iterator[Any]:
    """Ray, connected to a cluster; one that was started here is stopped at the end."""
    ray = import_ray()
    logger = logging.getLogger("ray.data")
    level = logger.level
    is_ours = not ray.is_initialized()
    if is_ours:
        address = os.environ.get("RAY_ADDRESS") or "local"
        options: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
        if address == "local":
            options |= {"num_cpus": workers, "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
        else:
            _require_reachable(address)
        try:
            ray.init(address, **options)
        except Exception as error:  # Of whatever kind it is, the computation cannot start.
            raise DixtillError(f"Ray cannot be started or reached at {address!r}: {error}") from error
    context = ray.data.DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # A block for each shard; the reader would collect megabytes of them.
    context.execution_options.resource_limits = ray.data.ExecutionResources.for_limits(object_store_memory=QUEUED_BYTES)
    try:
        logger.setLevel(logging.CRITICAL)
        with ray.data.DataContext.current(context):
            yield ray
    finally:
        logger.setLevel(level)
        if is_ours:
            ray.shutdown()


def _require_reachable(address: str) -> None:
    """Raise at once where nothing listens at `host:port`; Ray itself would try for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise DixtillError(
            f"No Ray cluster can be reached at {address!r}, which RAY_ADDRESS names: {error}. Start it, or unset RAY_ADDRESS."
        ) from error


def import_ray() -> Any:
    """Ray, told to report nothing before it is imported, because it reads its environment then.

    Raises:
        DixtillError: it is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # It writes to the terminal, in the middle of the progress.
    if not os.environ.get("RAY_ADDRESS"):
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # On Linux too, this keeps Ray to localhost.
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DixtillError("The engine ray needs Ray, which is not installed. Install it with: pip install 'dixtill[ray]'") from error
    return ray


@contextmanager
def _as_errors_of_the_user(ray: Any) -> Iterator[None]:
    """Turn what Ray raises into an error with the last line of it, which is where the reason stands."""
    try:
        yield
    except ray.exceptions.RayError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise DixtillError(
            f"Ray could not go on: {lines[-1] if lines else type(error).__name__}. Finished shards are kept; the same command goes on."
        ) from error

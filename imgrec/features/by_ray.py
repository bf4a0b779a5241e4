"""Looking on many machines: workers of a Ray cluster have the eye, and are handed portions of the photos.

A portion is a few names; what comes back is a few kilobytes a photo, which this process keeps in the store. So a worker
only reads photos, and a lost one costs the portions it had: they go to whoever is free. Ray's actors do this alone.
Ray Data is for blocks of data that stream from stage to stage; here is one stage and next to no data, it would bring
pyarrow and pandas along, and who does a portion again, and how often, would not be ours to say.
"""

import contextlib
import os
import platform
import signal
import socket
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from imgrec import __version__
from imgrec.catalogue.photo_store import PhotoStore
from imgrec.config import Config
from imgrec.errors import CatalogueError, ClusterError, ImgrecError, ModelError
from imgrec.features.looking import Here, Looked
from imgrec.features.store import View
from imgrec.figures import counted
from imgrec.folders import Place
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import Arithmetic, ModelFolder

LOCAL = "local"

_PORTION = 32
_PORTIONS_AHEAD = 2  # of a worker: what it is at, and the next
_MOST_LOSSES = 4  # of a portion, or of workers that were only starting
_SAYS_IT_WAITS_S = 5.0
_REACHED_WITHIN_S = 5.0
_SHARED_MEMORY_BYTES = 200_000_000  # of a Ray of our own: a model's network, and results on their way


class ByRay:
    """Looks by the workers of a Ray cluster; a context manager. Nothing is started before there is something to do."""

    def __init__(self, address: str, workers: int | None, eye: Eye, config: Config) -> None:
        """address: of a cluster as Ray has them (HOST:PORT, auto), or `local`: a Ray of this machine and for this run.

        workers: at most so many, each on one core; else one for every core. eye: says which model, and what features
        have to be comparable with.
        """
        self._address = address
        self._workers = workers
        self._eye = eye
        self._config = config
        self._crew: _Crew | None = None
        self._is_own = False

    def look(self, view: View, wanted: Sequence[str]) -> Iterator[Looked]:
        """The wanted photos, portion by portion, as they are done.

        Raises ClusterError when the cluster cannot be had or loses a portion again and again, CatalogueError when a
        machine does not see the photos' folder, and ModelError when it cannot compute what is wanted.
        """
        if wanted:
            self._crew = self._crew or self._hired()
            yield from self._crew.look(view, wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Let the workers go, and end a Ray of our own."""
        crew, self._crew = self._crew, None
        if crew:
            crew.dismiss(and_ray=self._is_own)

    @property
    def processes(self) -> list[int]:
        """The ids of the workers' processes that are known to have started."""
        return [process for _, process in self._crew.at_work.values()] if self._crew else []

    def _hired(self) -> "_Crew":
        ray = _import_ray()
        self._is_own = not ray.is_initialized()  # a program that has one already shares it
        if self._is_own:
            _connect(ray, self._address, self._workers)
        size = self._workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        model, settings = self._eye.model, self._config.model
        order = Order(model, settings.arithmetic, self._eye.arithmetic, self._config.catalogue.photos, __version__)
        return _Crew(ray, order, ray.put(model.read_network()), size, self._eye.arithmetic)


@dataclass(frozen=True)
class Order:
    """What a worker has to know. `comparable_with` is the arithmetic of the eye that the features are for."""

    model: ModelFolder
    arithmetic: Literal["auto"] | Arithmetic
    comparable_with: Arithmetic
    photos: Place
    version: str


class Worker:
    """A process of the cluster. It is made in an instant, and says when it is opened what it lacks."""

    def __init__(self, order: Order, network: tuple[bytes, bytes]) -> None:
        self._order = order
        self._network = network
        self._here: Here | None = None

    def open(self) -> tuple[str, int]:
        """Load the eye. Returns the machine's name and the process's id. Raises an ImgrecError naming the machine."""
        machine, order = platform.node(), self._order
        if __version__ != order.version:
            raise ClusterError(
                f"{machine} has imgrec {__version__}, and here is {order.version}: install the same on all machines."
            )
        photos = PhotoStore(order.photos)
        if not photos.exists():
            raise CatalogueError(
                f"{machine} sees no photos at {order.photos}. Share that folder with it under the same path, or keep "
                "the photos in object storage (catalogue.photos: s3://BUCKET/FOLDER)."
            )
        self._here = Here(self._eye(machine), photos, threads=1)
        return machine, os.getpid()

    def look(self, view: View, contents: Sequence[str]) -> Looked:
        """A portion."""
        if self._here is None:
            self.open()
        assert self._here is not None  # noqa: S101
        return Looked.joined(list(self._here.look(view, contents)))

    def _eye(self, machine: str) -> Eye:
        """One whose features may stand beside those that are wanted."""
        order = self._order
        eye = Eye(order.model, order.arithmetic, self._network, threads=1)
        if eye.can_be_compared_with(order.comparable_with):
            return eye
        try:
            return Eye(order.model, order.comparable_with, self._network, threads=1)
        except ModelError:
            raise ModelError(
                f"{machine} computes in {eye.arithmetic}, and what this model sees in that cannot be compared with "
                f"{order.comparable_with}. Compute alike everywhere: model.arithmetic: float32"
            ) from None


@dataclass(frozen=True)
class _Portion:
    """Photos that are handed out together, and how often a worker was lost that was at them."""

    contents: Sequence[str]
    losses: int = 0


class _Crew:
    """The workers, and what each of them is at."""

    def __init__(self, ray: Any, order: Order, network: Any, size: int, arithmetic: Arithmetic) -> None:
        self.at_work: dict[int, tuple[str, int]] = {}
        """Workers that have opened, by number: machine and process."""
        self._ray = ray
        self._kind = ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(Worker)
        self._order, self._network = order, network
        self._size = size
        self._arithmetic: Arithmetic = arithmetic
        self._workers: dict[int, Any] = {}
        self._asked: dict[Any, tuple[int, _Portion | None]] = {}
        """What was asked, oldest first, and of which worker; None: to open."""
        self._hired = self._lost = self._lost_starting = 0

    def look(self, view: View, wanted: Sequence[str]) -> Iterator[Looked]:
        """Hand portions out and take what comes back until all are done."""
        waiting = deque(_Portion(wanted[at : at + _PORTION]) for at in range(0, len(wanted), _PORTION))
        while waiting or any(portion for _, portion in self._asked.values()):
            self._hire(len(waiting))
            self._hand_out(view, waiting)
            done, _ = self._ray.wait(list(self._asked), num_returns=1, timeout=_SAYS_IT_WAITS_S)
            if not done:
                yield Looked(None, 0, self._arithmetic, self._note())
                continue
            number, portion = self._asked.pop(done[0])
            try:
                answer = self._ray.get(done[0])
            except self._ray.exceptions.RayTaskError as error:
                raise _raised_by(error) from None
            except self._ray.exceptions.RayError as error:
                if again := self._without(number, portion, error):
                    waiting.appendleft(again)
                continue
            if portion is None:
                self.at_work[number] = answer
                self._lost_starting = 0
            else:
                self._hand_out(view, waiting)  # before the caller takes its time
                yield replace(answer, note=self._note())

    def dismiss(self, and_ray: bool) -> None:
        """Let all go, and a Ray of our own with them."""
        for worker in self._workers.values():
            self._ray.kill(worker)
        if and_ray:
            self._ray.shutdown()

    def _hire(self, portions: int) -> None:
        """As many as there is work for, up to the size."""
        while len(self._workers) < min(self._size, max(1, portions)):
            self._hired += 1
            worker = self._workers[self._hired] = self._kind.remote(self._order, self._network)
            self._asked[worker.open.remote()] = self._hired, None

    def _hand_out(self, view: View, waiting: deque[_Portion]) -> None:
        """First one to each, then what it does next; only to those that have opened, for others may have no machine."""
        has = dict.fromkeys(self.at_work, 0)
        for number, portion in self._asked.values():
            if portion:
                has[number] = has.get(number, 0) + 1
        for already in range(_PORTIONS_AHEAD):
            for number in [number for number, count in has.items() if count == already and number in self._workers]:
                if not waiting:
                    return
                portion = waiting.popleft()
                self._asked[self._workers[number].look.remote(view, portion.contents)] = number, portion
                has[number] += 1

    def _without(self, number: int, portion: _Portion | None, error: Exception) -> _Portion | None:
        """Count a worker as lost; the portion to be handed out again. Raises ClusterError when that is hopeless."""
        is_news = self._workers.pop(number, None) is not None
        self.at_work.pop(number, None)
        self._lost += is_news
        why = _last_line(error)
        if portion is None:
            self._lost_starting += 1
            if self._lost_starting >= _MOST_LOSSES or getattr(error, "actor_init_failed", False):
                raise ClusterError(
                    f"Workers do not start: {why} imgrec {__version__}, with the extra ray, has to be installed on "
                    "every machine of the cluster."
                )
            return None
        if not is_news:  # it waited behind the portion that was being done
            return portion
        if portion.losses + 1 >= _MOST_LOSSES:
            raise ClusterError(
                f"{_MOST_LOSSES} workers were lost at the same {len(portion.contents)} photos, {portion.contents[0]} "
                f"and those after it: {why} If memory ran out, take fewer: --workers. What is done is kept."
            )
        return replace(portion, losses=portion.losses + 1)

    def _note(self) -> str:
        if not self.at_work:
            return "waiting for workers to start"
        machines = len({machine for machine, _ in self.at_work.values()})
        note = f"{counted(len(self.at_work), 'worker')} on {counted(machines, 'machine')}"
        return f"{note}, {self._lost} lost" if self._lost else note


def _import_ray() -> Any:
    """The `ray` module, which tells nobody that it is used."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or it warns of a change to come
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise ClusterError("Looking on many machines needs Ray: pip install 'imgrec[ray]'") from None
    return ray


@contextlib.contextmanager
def _keeping_sigterm() -> Iterator[None]:
    """Ray takes SIGTERM over, and then ends with a crash report: it is to end the process as it did before."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)


@_keeping_sigterm()
def _connect(ray: Any, address: str, workers: int | None) -> None:
    """Raises ClusterError."""
    quietly = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == LOCAL:
            ray.init(
                LOCAL, num_cpus=workers, include_dashboard=False, object_store_memory=_SHARED_MEMORY_BYTES, **quietly
            )
            return
        if "://" in address:
            raise ClusterError(
                f"{address} is the address of a client. Give the command on a machine of the cluster, with --ray auto, "
                "or with HOST:PORT of its head."
            )
        host, _, port = address.rpartition(":")
        if host:  # Ray itself would try for minutes
            socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN_S).close()
        ray.init(address, **quietly)
    except ImgrecError:
        raise
    except Exception as error:  # Ray raises whatever there is, and a bare Exception too
        ray.shutdown()
        what = "Ray does not start here" if address == LOCAL else f"There is no Ray cluster to be had at {address}"
        mend = (
            " Try again when the machine does less, or without --ray."
            if address == LOCAL
            else " Start one with: ray start --head; or look here alone: --ray local"
        )
        raise ClusterError(f"{what}: {_last_line(error)}{mend}") from None


def _raised_by(error: Any) -> Exception:
    """What a worker raised."""
    cause = error.cause
    if isinstance(cause, ImgrecError):
        return cause
    return ClusterError(f"A worker failed: {_last_line(error)} What is done is kept.")


def _last_line(error: Exception) -> str:
    """Of what Ray says, which has many; as a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[-1][:300] if lines else type(error).__name__
    return said if said.endswith((".", "!")) else f"{said}."

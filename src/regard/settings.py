"""Every setting, in one frozen table. Each is the environment variable `REGARD_<NAME>` in capitals."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from regard.memory import machine_memory
from regard.secret_files import read_secret
from regard.setting_values import read_value, variable_of

_PORTS = 65_535


def _setting(
    default: Any, help_text: str, *, minimum: int = 1, maximum: int | None = None, secret: bool = False
) -> Any:
    """`minimum` and `maximum` bound a whole number. A `secret` is never printed."""
    return field(
        default=default, repr=not secret, metadata={"help": help_text, "minimum": minimum, "maximum": maximum}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults suit a laptop: loopback only, one folder, nothing fetched from outside."""

    host: str = _setting("127.0.0.1", "Address that `regard serve` listens on.")
    port: int = _setting(8090, "Port that `regard serve` listens on.", minimum=0, maximum=_PORTS)
    tls_port: int = _setting(
        8091,
        "Port of `regard serve` for TLS, where it has a certificate: REGARD_TLS_CERT's, or that of "
        "`regard tls make`.",
        minimum=0,
        maximum=_PORTS,
    )
    tls_cert: str | None = _setting(None, "File of the certificate's chain, PEM; it takes REGARD_TLS_KEY.")
    tls_key: str | None = _setting(None, "File of the certificate's key, PEM, without a password.")
    public_url: str | None = _setting(
        None,
        "Address of the console for browsers elsewhere, https://HOST or https://HOST:PORT; passkeys belong "
        "to its host.",
    )
    oidc: str = _setting(
        "", "File of the identity provider by which people sign in to the console, TOML; none when unset."
    )
    oidc_secret: str = _setting(
        "", "Client secret for that provider, where its file names no other file for it.", secret=True
    )
    public_hosts: str = _setting(
        "",
        "Names under which a proxy serves Regard to browsers: HOST or HOST:PORT, separated by commas.",
    )
    proxies: str = _setting(
        "",
        "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks, separated "
        "by commas; with `forwarded` among them it is their Forwarded (RFC 7239). None when unset.",
    )
    public_port: int = _setting(
        0,
        "Port of the console's public pages alone: notices, transparency, feedback, receipts; 0: none.",
        minimum=0,
        maximum=_PORTS,
    )
    data: Path = _setting(Path("data"), "Folder of the database and the first key.")
    database: str | None = _setting(
        None,
        "PostgreSQL database that several servers share, postgresql://USER:PASSWORD@HOST/NAME; "
        "SQLite in the data folder when unset.",
        secret=True,
    )
    key_folder: Path | None = _setting(
        None,
        "Folder of encryption.key and audit.key, which servers on one database share; the data folder when "
        "unset.",
    )
    pack: str = _setting("default", "Model pack to use.")
    models: Path | None = _setting(None, "Folder of the installed packs; a per-user cache folder when unset.")
    face_model: str | None = _setting(
        None, "FaceModelVersion of new collections, and of comparisons without one; the newest when unset."
    )
    region: str = _setting("us-east-1", "Region in the ARNs that Regard makes.")
    account: str = _setting("000000000000", "Account, 12 digits, in the ARNs that Regard makes.")
    workers: int = _setting(
        0, "Images analysed at the same time; 0 means one for each processor core.", minimum=0
    )
    stop_grace: int = _setting(
        0,
        "Seconds for which `regard serve`, told to stop, still takes requests while /readyz says no: as long "
        "as load balancers take to notice.",
        minimum=0,
    )
    stop_seconds: int = _setting(30, "Seconds that requests under way, then, and steps of jobs have.")
    queue: int = _setting(
        256,
        "Requests that may wait for a worker before new ones are throttled; what examines no picture has as "
        "many places of its own.",
    )
    queue_seconds: int = _setting(
        20,
        "Seconds that a request may be expected to wait for a worker before it is throttled; SDKs give up "
        "after 30 to 60.",
    )
    buckets: str = _setting("", "Folders served as S3 buckets: NAME=FOLDER, separated by commas.")
    s3_endpoint: str | None = _setting(
        None, "S3 endpoint of every other bucket; AWS's own when set to `aws`, no outside bucket when unset."
    )
    output_buckets: str = _setting(
        "",
        "Buckets that results of bulk analysis may be written into: NAME, separated by commas; `*` for all.",
    )
    image_bytes: int = _setting(5_242_880, "Largest image in a request, in bytes.")
    object_bytes: int = _setting(15_728_640, "Largest image in a bucket, in bytes.")
    image_side: int = _setting(10_000, "Longest side of an image, in pixels.")
    image_pixels: int = _setting(
        100_000_000, "Most pixels of an image; above 60 million it is decoded at half its sides."
    )
    video_bytes: int = _setting(10_737_418_240, "Largest stored video, in bytes.")
    video_minutes: int = _setting(360, "Longest stored video, in minutes.")
    video_pixels: int = _setting(35_389_440, "Most pixels of a frame of a stored video, as displayed.")
    manifest_images: int = _setting(10_000, "Most images in a manifest for bulk analysis.")
    clock_skew: int = _setting(300, "Seconds that a signed request's clock may be off.")
    origins: str = _setting(
        "",
        "Web pages that may call Regard from a browser, by their origins: https://HOST or https://HOST:PORT, "
        "separated by commas; `*` for every page.",
    )
    collection_faces: int = _setting(10_000_000, "Most faces in one collection.")
    index_memory: int = _setting(
        0,
        "Megabytes that face indexes may hold in memory before the least used are dropped; 0 means half of "
        "the machine's memory.",
        minimum=0,
    )
    index_tail: int = _setting(
        16_384,
        "Newest vectors of a collection that are searched as they are, before they are compressed.",
        minimum=16,
    )
    index_engine: str = _setting(
        "local",
        "Where faces are searched: `local`, in each server's memory, `milvus`, in REGARD_MILVUS, or `ray`, "
        "in shards on the cluster of REGARD_RAY.",
    )
    search_shards: int = _setting(
        2, "Parts into which galleries are cut for `ray`, each in the memory of one process.", maximum=256
    )
    milvus: str | None = _setting(
        None, "Milvus that all servers share, http://HOST:19530, or a file NAME.db for Milvus Lite."
    )
    milvus_token: str = _setting("", "Token, or USER:PASSWORD, for Milvus.", secret=True)
    search_threads: int = _setting(2, "Threads that work on one search of a large collection at most.")
    collection_users: int = _setting(10_000_000, "Most users in one collection.")
    site_purpose: str = _setting(
        "general", "The purpose whose rules every request follows at least, whatever it is about."
    )
    profiles: str = _setting(
        "",
        "Profiles whose rules hold beside `base`: names, or files NAME.toml, separated by commas.",
    )
    celebrity_similarity: int = _setting(
        95,
        "Least similarity, in percent, of a face that RecognizeCelebrities recognises; 95 mistakes one pair "
        "of strangers in 100,000.",
        minimum=50,
        maximum=100,
    )
    log: str = _setting("auto", "Log lines: `json`, `console`, or `auto`: by whether a terminal reads.")
    # Metering: what usage would have cost elsewhere, and what it cost here.
    prices: str = _setting(
        "", "Price list of `regard usage` and GetUsage where none is named: a name, or a file NAME.toml."
    )
    cost_hour: str = _setting(
        "", "What an hour of the machine and its power costs, 0.35 for example, in the price list's currency."
    )
    quota_webhook: str = _setting(
        "", "URL that is told, by a signed POST, of a quota of which 80 % are used; REGARD_WEBHOOKS applies."
    )
    metrics_token: str = _setting(
        "", "Bearer token with which Prometheus may read /metrics; unset, nobody may.", secret=True
    )
    worker_metrics: str = _setting(
        "", "PORT of this machine, or HOST:PORT, of the /metrics of a `regard worker` or `regard streams`."
    )
    # Stored video: its jobs; custom labels: their trainings; face liveness: its checks.
    job_workers: int = _setting(
        1,
        "Workers for jobs on stored video that `regard serve` starts; with 0 they wait for `regard worker`.",
        minimum=0,
    )
    job_limit: int = _setting(20, "Jobs on stored video that may be under way at a time.")
    job_days: int = _setting(7, "Days for which a job's results are kept after its end.")
    job_lease: int = _setting(
        60, "Seconds after which a job whose worker says nothing more is given to another.", minimum=2
    )
    job_attempts: int = _setting(5, "Times that a job is tried without getting ahead before it has failed.")
    ray: str | None = _setting(
        None,
        "Ray cluster whose machines do the tasks of jobs, HOST:PORT, or `auto` for the one that runs here; "
        "workers do them themselves when unset.",
    )
    training_limit: int = _setting(2, "Trainings of custom models that may be under way, or wait, at a time.")
    custom_idle_hours: int = _setting(
        0, "Hours unasked after which a custom model stops; 0: never.", minimum=0
    )
    liveness_streams: int = _setting(8, "Checks of liveness that may be under way at a time in one server.")
    liveness_card: Path | None = _setting(None, "File of a site's own liveness card, in place of Regard's.")
    liveness_recapture: Path | None = _setting(None, "File that describes a network against recaptures.")
    training_device: str = _setting(
        "cpu", "Where PyTorch fine-tunes custom models: `cpu`, `cuda` (not tested), or `none` for nowhere."
    )
    # Live video: stream processors, where their sources may be, and what is kept of what they saw.
    stream_workers: int = _setting(
        1,
        "Workers for stream processors that `regard serve` starts; with 0 they wait for `regard streams`.",
        minimum=0,
    )
    stream_limit: int = _setting(100, "Most stream processors.")
    sources: str = _setting(
        "private",
        "Where live sources may be: `private` for this machine and private networks, `any`, or hosts and "
        "networks, separated by commas. Link-local addresses never.",
    )
    source_certificates: str | None = _setting(
        None,
        "File of certificates, PEM, that are believed of live sources beside those that this machine trusts: "
        "of your own authority, or cameras' own.",
    )
    stream_folders: str = _setting(
        "",
        "Folders, separated by commas, below which files may be live sources and records of streams be "
        "written; none when unset.",
    )
    kinesis_endpoint: str | None = _setting(
        None, "Kinesis endpoint for records of streams; AWS's own when set to `aws`, none when unset."
    )
    kinesis_video_endpoint: str | None = _setting(
        None, "Kinesis Video endpoint for live sources; AWS's own when set to `aws`, none when unset."
    )
    event_days: int = _setting(
        7, "Days for which events of streams and their pictures are kept; the profiles' terms where stricter."
    )
    alert_quiet: int = _setting(
        300, "Seconds for which somebody must be unseen before a stream raises another alert about them."
    )
    # Who is told, and what anybody may ask.
    sns_endpoint: str | None = _setting(
        None, "SNS endpoint for notifications; AWS's own when set to `aws`, no SNS when unset."
    )
    webhooks: str = _setting(
        "public",
        "Where notifications may go over HTTP: `public` addresses, by https:// alone; `private` adds this "
        "machine and private networks, by http:// too; `none`.",
    )
    public_requests: int = _setting(
        60,
        "Requests a minute that one address may make for what is public, such as the audit log's head; "
        "with 0 nothing is answered without a signature.",
        minimum=0,
    )
    feedback_a_day: int = _setting(
        5,
        "What one address may ask and complain of in 24 hours (SendFeedback); behind a proxy that is "
        "everybody, without REGARD_PROXIES.",
    )
    audit_anchor: str = _setting(
        "",
        "Where each sealed day of the audit log is published too: a file, which grows by a line a day, a "
        "URL, or, as tsp+https://HOST/PATH, an authority that stamps it with the time (RFC 3161); "
        "REGARD_WEBHOOKS must allow it.",
    )
    webhook_secret: str = _setting(
        "", "Secret that signs notifications over HTTP, in place of each key's own.", secret=True
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Settings from the environment; an override that is not None wins.

        A variable that is set to nothing counts as unset; a secret may be in a file instead, which
        `<variable>_FILE` names. `~` is the home folder in every folder.
        Raises RegardError, naming the variable, when a value has the wrong form or is out of bounds.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for setting in fields(cls):
            value = overrides.pop(setting.name, None)
            if value is None:
                value = environ.get(variable_of(setting)) or None
            if value is None and not setting.repr:
                value = read_secret(environ, variable_of(setting))
            if value is not None:
                values[setting.name] = read_value(setting, value)
        if overrides:
            raise TypeError(f"no such settings: {', '.join(sorted(overrides))}")
        return cls(**values)

    @property
    def index_bytes(self) -> int | None:
        """How much memory indexes may hold; None for no limit, where the machine's memory is not known."""
        if self.index_memory:
            return self.index_memory * 1_000_000
        machine = machine_memory()
        return None if machine is None else machine // 2

    def environment(self) -> dict[str, str]:
        """The variables from which `load` makes these settings in another process."""
        values = {variable_of(setting): getattr(self, setting.name) for setting in fields(self)}
        return {name: "" if value is None else str(value) for name, value in values.items()}

    @property
    def keys(self) -> Path:
        """The folder of the keys that encrypt and seal."""
        return self.data if self.key_folder is None else self.key_folder

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose pages may call Regard from a browser, as browsers write them, or `*`."""
        return tuple(self.origins.split(",")) if self.origins else ()

    @property
    def worker_count(self) -> int:
        """How many images are analysed at the same time."""
        if hasattr(os, "sched_getaffinity"):  # Linux: the cores that this process may use, not all there are
            return self.workers or len(os.sched_getaffinity(0))
        return self.workers or os.cpu_count() or 1

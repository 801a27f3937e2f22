"""From how a user names data to the file that holds them: the sample, a path, or a dataset of the Hugging Face Hub."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from dixtill_core.errors import DataError
from dixtill_core.files import make_folder, sha256_of_json
from dixtill_core.paths import SAMPLE_DATA, cache_folder

SAMPLE = "sample"
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
_HUB_NAME = r"[\w.\-]+/[\w.\-]+"


def find_table(reference: str | Path, split: str = "train") -> Path:
    """The file that `load_dataset` reads for a reference, fetched from the Hub where it is a name of a dataset there.

    Raises:
        DataError: there is none, it is no file, or it must not be read.
    """
    source = str(reference)
    if source == SAMPLE:
        return SAMPLE_DATA
    if not source.strip():
        raise DataError("No data are named. Give a .csv, .tsv or .parquet file, 'sample', or a Hub name like owner/dataset.")
    path = _expanded(source)
    if not is_there(path):
        if re.match(r"[a-z]+:/", source):
            raise DataError(
                f"{source} is a web address. Download the file and give its path, or name a dataset of the Hub as owner/dataset."
            )
        if not re.fullmatch(_HUB_NAME, source) or path.suffix.lower() in TABLE_SUFFIXES:
            raise DataError(f"There is no file {path}. Give a .csv, .tsv or .parquet file, 'sample', or a Hub name like owner/dataset.")
        path = _download(source, split)
    if path.is_dir():
        raise DataError(f"{path} is a folder. Name the .csv, .tsv or .parquet file in it{_tables_in(path)}.")
    if not stat.S_ISREG(path.stat().st_mode):
        raise DataError(f"{path} is no file that can be read twice, but a pipe or a device. Save its content to a file and name that.")
    return path


def is_there(path: Path) -> bool:
    """Whether there is something at a path.

    Raises:
        DataError: a folder on the way must not be entered.
    """
    try:
        path.stat()
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: permission denied. Ask for access, or copy the file to a folder of your own.") from error
    except (OSError, ValueError):  # No such file; a name that is too long; a zero in it.
        return False
    return True


def _expanded(source: str) -> Path:
    try:
        return Path(source).expanduser()
    except RuntimeError:  # No user of that name.
        return Path(source)


def _tables_in(folder: Path) -> str:
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in TABLE_SUFFIXES)
    except OSError:
        return ""
    return f": {', '.join(names[:10])}" if names else ""


def _download(name: str, split: str) -> Path:
    """The file of a Hub dataset that holds `split`, through the Hub's cache; where it lies in parts, all of them in one."""
    from huggingface_hub import hf_hub_download, list_repo_files
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    aliases = {"validation": ("valid", "val", "dev"), "test": ("test",), "train": ("train",)}.get(split, (split,))
    try:
        files = list_repo_files(name, repo_type="dataset")
        tables = [file for file in files if file.endswith((".csv", ".tsv", ".parquet"))]
        matching = [file for file in tables if any(alias in file.lower() for alias in aliases)]
        if not matching:
            raise DataError(f"The dataset {name} has no file for the split {split!r}. It has {', '.join(tables[:20]) or 'no table'}.")
        paths = [Path(hf_hub_download(name, file, repo_type="dataset")) for file in _parts(matching)]
    except DataError:
        raise
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise DataError(f"The Hub has no public dataset {name}. Check the spelling.") from error
    except Exception as error:  # Offline, the Hub's client raises what its HTTP library raises.
        raise DataError(
            f"The dataset {name} could not be fetched from the Hub. Check the connection, or give a local .csv or .parquet file."
        ) from error
    return paths[0] if len(paths) == 1 else _joined(paths, f"the split {split!r} of {name}")


def _parts(files: list[str]) -> list[str]:
    """The first file, or all parts of it where it is one of several, as in train-00000-of-00003.parquet."""
    numbered = re.compile(r"(.*)-[0-9]{5}-of-([0-9]{5})(\.parquet)")
    if not (first := numbered.fullmatch(files[0])):
        return files[:1]
    parts = [file for file in files if (part := numbered.fullmatch(file)) and part.groups() == first.groups()]
    if len(parts) != int(first[2]):
        raise DataError(
            f"Of the {int(first[2])} parts of {files[0]} the Hub has {len(parts)}. Choose another dataset or a file of your own."
        )
    return sorted(parts)


def _joined(paths: list[Path], what: str) -> Path:
    """One Parquet file in the cache that holds the rows of all `paths`; the Hub's cache names them by their version."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    target = cache_folder() / "hub" / f"{sha256_of_json([str(path) for path in paths])[:24]}.parquet"
    if target.exists():
        return target
    make_folder(target.parent)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    try:
        with parquet.ParquetWriter(partial, parquet.read_schema(paths[0])) as writer:
            for path in paths:
                with parquet.ParquetFile(path) as part:
                    for batch in part.iter_batches():
                        writer.write_batch(batch)
        os.replace(partial, target)
    except (pa.ArrowException, ValueError) as error:
        raise DataError(
            f"The {len(paths)} files of {what} do not fit together: {str(error).splitlines()[0]}. Join them by hand."
        ) from error
    except OSError as error:
        raise DataError(f"The {len(paths)} files of {what} cannot be joined in {target.parent}: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return target

"""Certificates for tests, made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Pem(NamedTuple):
    """The files of a certificate and its key."""

    certificate: Path
    key: Path


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(directory: Path, name: str) -> Pem:
    """One that signs others' certificates."""
    pem = Pem(directory / f"{name}.pem", directory / f"{name}.key")
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-keyout", pem.key, "-out", pem.certificate, "-days", "30", "-subj", f"/CN={name}"),
    )
    return pem


def make_certificate(directory: Path, authority: Pem, name: str) -> Pem:
    """A certificate of ``name`` at 127.0.0.1, signed by the authority."""
    stem = f"{name}-by-{authority.certificate.stem}"
    pem = Pem(directory / f"{stem}.pem", directory / f"{stem}.key")
    request, extensions = directory / f"{stem}.csr", directory / f"{stem}.ext"
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-keyout", pem.key, "-out", request, "-subj", f"/CN={name}"),
    )
    extensions.write_text(f"subjectAltName = DNS:{name}, DNS:localhost, IP:127.0.0.1\n")
    _openssl(
        *("x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key),
        *("-CAcreateserial", "-out", pem.certificate, "-days", "30", "-extfile", extensions),
    )
    return pem

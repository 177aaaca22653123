"""Installs tiny distributions into a directory, as pip would leave them there."""

from __future__ import annotations

from pathlib import Path

ACME = Path(__file__).parent / "acme" / "acme_provider.py"


def install(
    site: Path, distribution: str, *, providers: dict[str, str], version: str = "1.2.0"
) -> None:
    """Metadata and entry points of a distribution with these `planner.providers`."""
    info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    lines = "".join(f"{name} = {target}\n" for name, target in providers.items())
    (info / "entry_points.txt").write_text(f"[planner.providers]\n{lines}")


def install_acme(site: Path) -> None:
    """The third-party provider `acme`, complete."""
    install(site, "acme-planner", providers={"acme": "acme_provider:provider"})
    (site / ACME.name).write_text(ACME.read_text())

from __future__ import annotations

import subprocess
import sys

from planner_sagemaker.provider import provider

from planner.provider.interface import API_VERSION


def test_what_the_plugin_says_of_itself() -> None:
    assert provider.name == "sagemaker"
    assert provider.api_version == API_VERSION
    offered = provider.catalog(provider.catalog_settings(None)).offerings
    assert tuple(dict.fromkeys(one.hosting for one in offered)) == provider.hostings


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys; import planner_sagemaker.provider; "
        "print([m for m in ('pydantic', 'botocore', 'yaml', 'rich', 'csv') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_catalog_needs_neither_pydantic_nor_an_sdk() -> None:
    code = (
        "import sys; from planner_sagemaker.catalog import CatalogOptions, catalog_for; "
        "catalog_for(CatalogOptions(region='us-east-1')); "
        "print([m for m in ('pydantic', 'botocore', 'difflib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

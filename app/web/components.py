"""Which components of Streamlit's there are: those that our own code declares, no others."""

from streamlit.components.v2 import manifest_scanner


def none_of_other_packages() -> None:
    """Streamlit reads the metadata of every installed package for components as it starts.

    None that we install brings any, and the reading costs a third of a second at each start.
    """
    manifest_scanner.scan_component_manifests = lambda max_workers=None: []  # noqa: ARG005

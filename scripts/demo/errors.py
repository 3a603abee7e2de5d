"""Why a demonstration breaks off."""

from registry.domain.errors import RegistryError


class DemonstrationError(RegistryError):
    """The demonstration did not come to its end."""

"""Check the signature of a compact JWS (VC-JOSE-COSE §3.1, Open Badges 3.0 §8.2)."""

from datetime import datetime
from typing import Final

from registry.formats import jws
from registry.formats.jwk import ALGORITHMS
from registry.verification.checks import failed, passed, unknown
from registry.verification.instants import is_over, is_to_come
from registry.verification.opening import Token
from registry.verification.owners import Owner
from registry.verification.report import Check, CheckError

_NAME: Final = "proof"
_SUPPORTED: Final = frozenset(name for names in ALGORITHMS.values() for name in names)

# Anybody can make these who knows what is public: no signature, or one shared secret.
_WORTHLESS: Final = ("none", "hs")


def check_token(token: Token, owner: Owner) -> Check:
    """Report on the signature, which must be by a key its owner authorised for the purpose."""
    try:
        _require_supported(token)
        key = owner.key(token.content.kid)
        _require_timely(token, now=owner.now)
        jws.verify(token.jws, key)
    except jws.WrongAlgorithmError:
        return _algorithm_error("algorithm-not-the-keys", token).check
    except jws.JwsError:
        return failed(_NAME, "wrong-signature", looked_at="signature").check
    except CheckError as error:
        return error.check
    return passed(_NAME, "signature-verified", looked_at=token.content.kid)


def _require_supported(token: Token) -> None:
    if token.content.alg in _SUPPORTED:
        return
    if token.content.alg.lower().startswith(_WORTHLESS):
        raise _algorithm_error("algorithm-not-supported", token)
    algorithm = token.content.alg
    code = "algorithm-not-supported"
    raise unknown(_NAME, code, looked_at="header.alg", algorithm=algorithm)


def _algorithm_error(code: str, token: Token) -> CheckError:
    return failed(_NAME, code, looked_at="header.alg", algorithm=token.content.alg)


def _require_timely(token: Token, *, now: datetime) -> None:
    """Refuse a signature before its time or after it (RFC 7519 §4.1.4 and §4.1.5)."""
    start, end = token.content.instant("nbf"), token.content.instant("exp")
    made = token.content.instant("iat")
    if made is not None and is_to_come(made, now=now):
        raise unknown(_NAME, "proof-of-the-future", looked_at="iat", created=_written(made))
    if end is not None and is_over(end, now=now):
        raise failed(_NAME, "proof-expired", looked_at="exp", until=_written(end))
    if start is not None and is_to_come(start, now=now):
        raise failed(_NAME, "proof-not-yet-valid", looked_at="nbf", since=_written(start))


def _written(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")

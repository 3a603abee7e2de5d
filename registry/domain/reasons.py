"""The reason codes every issuer has; an issuer adds its own with `Issuer.add_reason_code`."""

SUPERSEDED = "superseded"
SUSPENSION_ENDED = "suspension-ended"

STANDARD_REASONS: dict[str, tuple[str, str]] = {
    "issued-in-error": ("Wydano przez pomyłkę", "Issued in error"),
    "requirements-not-met": ("Niespełnione wymagania", "Requirements were not met"),
    "under-review": ("W trakcie wyjaśniania", "Under review"),
    "review-completed": ("Zakończono wyjaśnianie", "Review completed"),
    "holder-request": ("Na wniosek osoby uczącej się", "Asked for by the learner"),
    "misconduct": ("Naruszenie zasad", "Misconduct"),
    "fraud": ("Oszustwo", "Fraud"),
    "appeal-upheld": ("Uwzględniono odwołanie", "Appeal upheld"),
    "key-compromise": ("Utrata kontroli nad kluczem", "Signing key compromised"),
    "other": ("Inna przyczyna", "Other reason"),
}
"""Code -> (Polish, English)."""

RESERVED_REASONS: dict[str, tuple[str, str]] = {
    SUPERSEDED: ("Zastąpiono nowym", "Replaced by a newer credential"),
    SUSPENSION_ENDED: ("Upłynął czas zawieszenia", "The suspension's time ended"),
}
"""Codes that the registry itself gives."""

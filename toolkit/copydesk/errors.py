"""Every error that Copydesk raises, and the exit code that each one means.

::

    CopydeskError                 what is wrong, where, and the fix
    ├── UsageError          (2)   the command or a file that a person wrote is wrong
    │   ├── WorkspaceError        no workspace here, or one that is in use
    │   ├── ConfigError           copydesk.toml, or another file of settings
    │   ├── SchemaError           a labelling schema
    │   ├── ExportError           a file that is no whole JSON export of Label Studio
    │   └── UnknownError          a document, version or person that is not there
    ├── DataError           (1)   the data is not good
    │   ├── RejectedError         more inputs rejected than the settings allow
    │   ├── DisputeError          annotators disagree and ``--strict`` was asked for
    │   ├── FindingError          validation found errors
    │   ├── QualityError          an annotator falls short of gold
    │   └── NotEvaluatedError (4) validation could not evaluate all that it should
    └── SystemFault         (3)   a server or the environment
        ├── StoreError            a file of the workspace that is damaged or cannot be written
        ├── MissingExtraError     a package that an optional feature needs
        ├── EngineError           processes that are to do the work, and do not
        └── StudioError           Label Studio
            ├── StudioUnreachable      nothing answers
            ├── StudioTimeout          no answer in time: a write may or may not have happened
            ├── StudioUnauthorized     the token is wrong, or of a kind that is switched off
            ├── StudioRefused          the server understood and said no (4xx)
            ├── StudioGone             the project that labels were pulled from is not there any more
            ├── StudioUntested         a release or an edition that Copydesk was never tried with
            ├── StudioBroken           the server failed (5xx), or what it says is not Label Studio's
            └── StudioStartError       the embedded server did not start
"""

from __future__ import annotations

from typing import ClassVar

OWN_FAULT = "this is a fault of Copydesk itself: report it, with the command that you ran"


class CopydeskError(Exception):
    """The root of all errors; ``str()`` gives one sentence with the fix in parentheses.

    Errors survive pickling, since they cross processes.
    """

    exit_code: ClassVar[int] = 3
    code: ClassVar[str] = "copydesk"

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} (fix: {self.fix})" if self.fix else self.message

    def as_dict(self) -> dict[str, str]:
        """Give the error as ``--json`` says it."""
        return {"error": self.code, "message": self.message, "fix": self.fix}

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.fix)


def _rebuild(kind: type[CopydeskError], message: str, fix: str) -> CopydeskError:
    return kind(message, fix=fix)


class UsageError(CopydeskError):
    """The command line, or a file that a person wrote, is wrong."""

    exit_code = 2
    code = "usage"


class WorkspaceError(UsageError):
    """There is no workspace here, or another command is writing in it."""

    code = "workspace"


class ConfigError(UsageError):
    """A file of settings holds something that cannot be used."""

    code = "config"


class SchemaError(UsageError):
    """A labelling schema contradicts itself or holds something unknown."""

    code = "schema"


class ExportError(UsageError):
    """A file was named that is no whole JSON export of Label Studio."""

    code = "export"


class UnknownError(UsageError):
    """A document, version or person was named that does not exist."""

    code = "unknown"


class DataError(CopydeskError):
    """The data is not good enough for what was asked."""

    exit_code = 1
    code = "data"


class RejectedError(DataError):
    """More inputs were rejected than the settings allow."""

    code = "rejected"


class DisputeError(DataError):
    """Annotators disagree, and disputes were asked to count as failure."""

    code = "disputes"


class FindingError(DataError):
    """Validation found errors, so nothing may be published."""

    code = "findings"


class QualityError(DataError):
    """An annotator's work falls short of gold."""

    code = "quality"


class NotEvaluatedError(DataError):
    """Validation could not evaluate all that it should: it fails closed, with an exit code of its own."""

    exit_code = 4
    code = "not-evaluated"


class SystemFault(CopydeskError):
    """A server or the environment does not do its part."""

    code = "system"


class StoreError(SystemFault):
    """A file of the workspace is damaged, or cannot be written."""

    code = "store"


class MissingExtraError(SystemFault):
    """An optional feature needs a package that is not installed."""

    code = "missing-extra"


class EngineError(SystemFault):
    """The processes, or the cluster, that are to do the work do not do it."""

    code = "engine"


class StudioError(SystemFault):
    """Label Studio did not do what was asked."""

    code = "studio"


class StudioUnreachable(StudioError):
    """Nothing answers at the address."""

    code = "studio-unreachable"


class StudioTimeout(StudioError):
    """No answer in time; a write may or may not have happened."""

    code = "studio-timeout"


class StudioUnauthorized(StudioError):
    """The token is wrong, or of a kind that the server has switched off."""

    code = "studio-unauthorized"


class StudioRefused(StudioError):
    """The server understood the request and refused it (4xx)."""

    code = "studio-refused"


class StudioGone(StudioError):
    """The project that labels were pulled from is not on the server any more."""

    code = "studio-gone"


class StudioUntested(StudioError):
    """The server is of a release or an edition that Copydesk was never tried with."""

    code = "studio-untested"


class StudioBroken(StudioError):
    """The server failed (5xx), or its answer is not one of Label Studio's."""

    code = "studio-broken"


class StudioStartError(StudioError):
    """The embedded server did not start."""

    code = "studio-start"

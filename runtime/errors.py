"""The base of the errors that the command line reports in one sentence.

OperatorError
├── SettingsRefused       runtime/settings.py: the environment or an argument does not allow what was requested
├── TourFailed            runtime/tour/errors.py: the API answered differently from its contract
├── PortTaken, DiskFull, ProcessExited    runtime/local/errors.py: a local installation cannot start or keep running
└── EmbeddedServerError   runtime/local/embedded/errors.py: an embedded server cannot be used
"""


class OperatorError(Exception):
    """An expected failure; the message is complete and says what the operator can do."""

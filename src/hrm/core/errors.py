"""Errors that a user can act on: each prints as one line, and the command ends with `exit_code`."""


class HrmError(Exception):
    """Base of all errors whose message is meant for the user."""

    exit_code = 2


class ParameterError(HrmError):
    """A parameter file or option is wrong: the message says which file, which key, what was found, what is allowed."""


class DataError(HrmError):
    """A data file is missing, broken or inconsistent."""


class CheckpointError(HrmError):
    """A model file or resume state is missing, broken or does not fit."""


class DeviceError(HrmError):
    """The device that was asked for does not exist here."""


class ProcessError(HrmError):
    """Another process of the same training did not come, or ended."""


class DivergedError(HrmError):
    """Training produced a number that is not finite."""

    exit_code = 3


class Interrupted(HrmError):
    """A signal stopped the work after its state was saved; 143 is the shell's code for SIGTERM."""

    exit_code = 143

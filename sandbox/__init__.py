"""A local imitation of Telegram's Bot API server, to try and test a bot without Telegram."""

from sandbox.server import Sandbox, running_sandbox

__all__ = ["Sandbox", "running_sandbox"]

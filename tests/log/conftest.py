from log_helpers import answer, log, path, rows

__all__ = ["answer", "log", "path", "rows"]

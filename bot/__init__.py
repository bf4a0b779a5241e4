"""The Telegram front end: handlers, the words people read, the queue before the model."""

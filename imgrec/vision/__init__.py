"""Photo to tensor to VGG-16: the one preprocessing and the eye that runs it."""

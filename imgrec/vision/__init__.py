"""Photo to tensor to VGG-16: the one preprocessing and the runtime recogniser."""

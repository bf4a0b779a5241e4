"""Photo to pixels to VGG-16: decoding, the one preprocessing, the eye, and models as folders."""

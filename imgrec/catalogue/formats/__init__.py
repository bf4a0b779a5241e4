"""The formats of product feeds, one a module, each read into the same stream of rows and rejections."""

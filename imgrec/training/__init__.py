"""Fine-tune VGG-16 on a catalogue and export it; the only room that imports Keras."""

"""The tree of errors is drawn once, and the drawing is true."""

import inspect

from imgrec import errors


def drawn_tree() -> dict[str, str]:
    """Error -> the one it hangs from, as the module's docstring draws it: four columns to the right for each step."""
    parents, path = {}, []
    for line in (errors.__doc__ or "").splitlines():
        name = line.strip("│├└─ ").split(" ")[0]
        if name.endswith("Error"):
            depth = (line.index(name) - 4) // 4
            path[depth:] = [name]
            parents[name] = path[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_in_the_docstring_is_complete_and_true():
    classes = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}
    assert drawn_tree() == {name: kind.__base__.__name__ for name, kind in classes.items()}
    assert len(classes) > 10


def test_every_error_says_in_its_docstring_what_it_means():
    assert all(kind.__doc__ for kind in vars(errors).values() if inspect.isclass(kind))

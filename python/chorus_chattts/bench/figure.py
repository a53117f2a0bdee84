"""What was measured, what it ought to be, and how that is told."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    """What the project aims at; neither for a number that only explains another."""
    remark: str = ""

    def row(self) -> str:
        """A line of a markdown table."""
        cells = (self.name, f"{number(self.value)} {self.unit}", self._asked(), self._reached(), self.remark)
        return f"| {' | '.join(cell.strip() for cell in cells)} |"

    def _asked(self) -> str:
        if self.at_most is not None:
            return f"at most {number(self.at_most)} {self.unit}"
        if self.at_least is not None:
            return f"at least {number(self.at_least)} {self.unit}"
        return ""

    def _reached(self) -> str:
        if self.at_most is None and self.at_least is None:
            return ""
        is_low_enough = self.at_most is None or self.value <= self.at_most
        is_high_enough = self.at_least is None or self.value >= self.at_least
        return "yes" if is_low_enough and is_high_enough else "**no**"


@dataclass
class Section:
    """The figures of one measurement, and what kept it from being complete."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """A headline, a table, and a line for each trouble."""
        lines = [f"## {self.title}", ""]
        if self.figures:
            lines += ["| figure (random weights) | measured | asked | reached | remark |", "|---|---|---|---|---|"]
            lines += [figure.row() for figure in self.figures] + [""]
        return "\n".join(lines + [f"Not measured: {each}\n" for each in self.trouble])


def number(value: float) -> str:
    """Three digits say more than was measured; more would only pretend."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"

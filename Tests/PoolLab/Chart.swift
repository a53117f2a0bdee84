import FoundationEssentials
import Glibc

/// Lines over a linear axis and a logarithmic one, as an SVG that can be read on light and on dark ground.
struct Chart {
    struct Point {
        var x: Double
        var y: Double
    }

    struct Line {
        var name: String
        var colour: String
        var isDashed: Bool
        var points: [Point]
    }

    var title: String
    var subtitle: String
    var xLabel: String
    var yLabel: String
    var lines: [Line]

    private static let size = (width: 860.0, height: 500.0)
    private static let frame = (left: 76.0, right: 600.0, top: 76.0, bottom: 436.0)
    /// Neither black nor white: both grounds show it.
    private static let ink = "#7d8590"

    var svg: String {
        let head = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.size.width)) \(Int(Self.size.height))" \
            font-family="system-ui, sans-serif" font-size="13" fill="\(Self.ink)">
            <title>\(title)</title>
            """
        let frame = Self.frame
        let heading = [
            text(title, x: frame.left, y: 30, attributes: #"font-size="18" font-weight="600""#),
            text(subtitle, x: frame.left, y: 52),
            text(xLabel, x: (frame.left + frame.right) / 2, y: frame.bottom + 44, attributes: #"text-anchor="middle""#),
            text(
                yLabel,
                x: 0,
                y: 0,
                attributes: """
                    text-anchor="middle" transform="translate(22 \(number((frame.top + frame.bottom) / 2))) rotate(-90)"
                    """
            ),
        ]
        return ([head] + heading + grid + lines.map(drawn) + legend + ["</svg>\n"]).joined(separator: "\n")
    }

    // MARK: Axes

    private var xs: ClosedRange<Double> {
        let all = lines.flatMap(\.points).map(\.x)
        return 0...max(1, all.max() ?? 1)
    }

    /// Powers of ten that all points lie between.
    private var decades: ClosedRange<Int> {
        let all = lines.flatMap(\.points).map(\.y).filter { $0 > 0 && $0.isFinite }
        let (least, most) = (all.min() ?? 1, all.max() ?? 10)
        return Int(floor(log10(least)))...max(Int(floor(log10(least))) + 1, Int(ceil(log10(most))))
    }

    private func x(_ value: Double) -> Double {
        Self.frame.left + (value - xs.lowerBound) / (xs.upperBound - xs.lowerBound)
            * (Self.frame.right - Self.frame.left)
    }

    private func y(_ value: Double) -> Double {
        let (low, high) = (Double(decades.lowerBound), Double(decades.upperBound))
        let place = (log10(max(value, pow(10, low))) - low) / (high - low)
        return Self.frame.bottom - min(1, place) * (Self.frame.bottom - Self.frame.top)
    }

    private var grid: [String] {
        let frame = Self.frame
        var parts: [String] = []
        for value in stride(from: xs.lowerBound, through: xs.upperBound, by: 20) {
            parts.append(rule(x(value), frame.top, x(value), frame.bottom, opacity: value == 100 ? 0.9 : 0.25))
            let label = "\(Int(value))"
            parts.append(text(label, x: x(value), y: frame.bottom + 20, attributes: #"text-anchor="middle""#))
        }
        for decade in decades {
            let value = pow(10, Double(decade))
            parts.append(rule(frame.left, y(value), frame.right, y(value), opacity: 0.45))
            let label = decade < 0 ? "\(value)" : "\(Int(value))"
            parts.append(text(label, x: frame.left - 10, y: y(value) + 4, attributes: #"text-anchor="end""#))
            guard decade < decades.upperBound else { continue }
            for step in [2.0, 5] {
                parts.append(rule(frame.left, y(value * step), frame.right, y(value * step), opacity: 0.15))
            }
        }
        return parts
    }

    // MARK: Lines

    private func drawn(_ line: Line) -> String {
        let points = line.points.map { "\(number(x($0.x))),\(number(y($0.y)))" }.joined(separator: " ")
        return #"<polyline points="\#(points)" \#(stroke(line))/>"#
    }

    private var legend: [String] {
        lines.enumerated().flatMap { index, line in
            let y = Self.frame.top + 12 + Double(index) * 24
            let x = Self.frame.right + 18
            return [
                #"<polyline points="\#(number(x)),\#(number(y)) \#(number(x + 30)),\#(number(y))" \#(stroke(line))/>"#,
                text(line.name, x: x + 38, y: y + 4),
            ]
        }
    }

    private func stroke(_ line: Line) -> String {
        let dashes = line.isDashed ? #" stroke-dasharray="6 5""# : ""
        return #"fill="none" stroke="\#(line.colour)" stroke-width="2.2" stroke-linejoin="round"\#(dashes)"#
    }

    private func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, opacity: Double) -> String {
        let ends = zip(["x1", "y1", "x2", "y2"], [x1, y1, x2, y2]).map { #"\#($0)="\#(number($1))""# }
        return #"<line \#(ends.joined(separator: " ")) stroke="\#(Self.ink)" stroke-opacity="\#(opacity)"/>"#
    }

    private func text(_ text: String, x: Double, y: Double, attributes: String = "") -> String {
        #"<text x="\#(number(x))" y="\#(number(y))" \#(attributes)>\#(text)</text>"#
    }

    private func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

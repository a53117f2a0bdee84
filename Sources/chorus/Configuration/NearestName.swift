/// Finds the name that was probably meant.
enum NearestName {
    /// What to say of a name that is none of the candidates: the one that was meant, or else all of them.
    static func hint(for name: String, in candidates: [String]) -> String {
        if let nearest = of(name, in: candidates) { return "did you mean \"\(nearest)\"?" }
        return candidates.count == 1 ? "there is \(candidates[0])" : "there are \(candidates.joined(separator: ", "))"
    }

    /// The candidate that is the fewest edits away, or `nil` if none is close: a third of its letters may be wrong.
    static func of(_ name: String, in candidates: [String]) -> String? {
        candidates
            .map { (name: $0, distance: distance(Array(name.lowercased()), Array($0))) }
            .filter { $0.distance <= max(1, $0.name.count / 3) }
            .min { $0.distance < $1.distance }?
            .name
    }

    /// Letters to insert, remove, replace, or swap with their neighbour to make one word of the other.
    private static func distance(_ from: [Character], _ to: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...to.count)
        for (i, letter) in from.enumerated() {
            var row = [i + 1]
            for (j, other) in to.enumerated() {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == to[j - 1], from[i - 1] == other { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[to.count]
    }
}

import ArgumentParser

/// Reads the values of `chorus plan`'s flags. What is not allowed is answered with what is.
enum PlanArguments {
    /// GPUs that are alike.
    struct GPUs: Sendable, Equatable {
        /// How many there are.
        var count: Int
        /// The memory of each.
        var bytes: Int
    }

    /// GPUs in one plan.
    static let mostGPUs = 64
    /// What a device may have.
    private static let memories = Configuration.Memory.hostLimits

    /// GPUs, such as `24GiB×4`, `24GiBx4` or `24GiB`.
    static func gpus(_ text: String) throws -> GPUs {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "×" || $0 == "x" }
        guard parts.count <= 2, let bytes = bytes(parts[0]), memories.contains(bytes),
            let count = parts.count == 2 ? Int(parts[1]) : 1, (1...mostGPUs).contains(count)
        else {
            throw ValidationError(
                """
                it must be the memory of each, from \(ByteSize.text(memories.lowerBound)) to \
                \(ByteSize.text(memories.upperBound)), and how many there are, such as 24GiB×4 or 24GiBx4.
                """
            )
        }
        return GPUs(count: count, bytes: bytes)
    }

    /// The memory of a host, such as `32GiB`.
    static func memory(_ text: String) throws -> Int {
        guard let bytes = bytes(text[...]), memories.contains(bytes) else { throw sizeError(from: memories.lowerBound) }
        return bytes
    }

    /// A part of a device's memory, such as `1.9GiB`.
    static func size(_ text: String) throws -> Int {
        guard let bytes = bytes(text[...]), (0...memories.upperBound).contains(bytes) else { throw sizeError(from: 0) }
        return bytes
    }

    /// How long an utterance is, such as `6s`.
    static func duration(_ text: String) throws -> Duration {
        let range: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3_600)
        guard let duration = DurationText.duration(text), range.contains(duration) else {
            throw ValidationError("it must be \(ValueFormat.duration(range).allowed).")
        }
        return duration
    }

    private static func sizeError(from least: Int) -> ValidationError {
        ValidationError(
            """
            it must be a size from \(ByteSize.text(least)) to \(ByteSize.text(memories.upperBound)), with its unit, \
            such as 24GiB, 1.9GiB or 600MiB.
            """
        )
    }

    /// A size that may have a fraction; `nil` if it has no unit, which would be a slip of the pen here.
    private static func bytes(_ text: Substring) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count)
        guard !unit.isEmpty, let value = Double(number), let bytes = ByteSize.bytes("1\(unit)") else { return nil }
        let product = value * Double(bytes)
        return product <= Double(memories.upperBound) ? Int(product) : nil
    }
}

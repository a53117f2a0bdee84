/// How many jobs of an engine run at once on one device, at the most. Its other instances there are spares.
enum RunningLimit: Sendable, Equatable {
    /// As many as still make the device faster. This is measured.
    case auto
    /// This many.
    case exactly(Int)

    /// What it may be.
    static let range = 1...256
}

/// The state of an engine's definition: how its instances are started.
package struct Revision: Sendable {
    /// The definition that new processes are started from, counted from 0.
    package internal(set) var current = 0
    /// The highest number that was given.
    var last = 0
    /// Whether a process of the current one has served.
    var isProven = false
    /// The definition to go back to if the current one does not work; `nil` if there is none or it is proven.
    package internal(set) var previous: Int?
    /// Until when nothing is replaced, because that failed.
    var notBefore = Instant.start
    /// The replacement that is under way; one at a time.
    var replacement: Replacement?
    /// The figures of each definition that is in use, by its number, then by the device's index.
    var measured: [Int: [EngineFigures]]

    /// A first definition, and its known figures on each device.
    init(_ known: [EngineFigures]) { measured = [0: known] }

    /// The definition that the engine is taken to be: the one before, until a process of the current one has served.
    package var serving: Int { previous ?? current }

    /// The newest definition of which a process has served; `nil` if there is none.
    package var proven: Int? { previous ?? (isProven ? current : nil) }

    /// The figures of a definition on a device.
    func figures(_ revision: Int, device: Int) -> EngineFigures { measured[revision]?[device] ?? EngineFigures() }

    /// Whether an instance is being replaced.
    package var isReplacing: Bool { replacement != nil }

    /// An instance that is being replaced.
    struct Replacement: Sendable {
        /// The instance that goes.
        let old: InstanceID
        /// The instance that comes instead, if there is room for both: the old one goes when this one serves. `nil` if
        /// the old one goes first, and its place is filled again.
        let new: InstanceID?
    }
}

/// The `code` of a service's `error` event. Codes that are not named here mean `internal`.
package struct WyomingErrorCode: RawRepresentable, Sendable, Hashable, Codable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The job did not fit into the device's memory.
    package static let outOfMemory = WyomingErrorCode(rawValue: "out_of_memory")
    /// The text, the voice or the context is wrong; another instance would refuse it too.
    package static let badRequest = WyomingErrorCode(rawValue: "bad_request")
    /// Nothing of the text can be spoken. In a longer text it is left out.
    package static let nothingToSay = WyomingErrorCode(rawValue: "nothing_to_say")
    /// What the job made is no audio; another instance may make some.
    package static let badAudio = WyomingErrorCode(rawValue: "bad_audio")
    /// The service failed.
    package static let `internal` = WyomingErrorCode(rawValue: "internal")
    /// The job ended because it was asked to.
    package static let cancelled = WyomingErrorCode(rawValue: "cancelled")
}

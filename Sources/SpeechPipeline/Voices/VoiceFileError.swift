import Glibc

/// Why a made voice's file could not be read or written, to go on a sentence with.
struct VoiceFileError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }

    /// What the system said.
    static func system(_ number: CInt = errno) -> VoiceFileError {
        VoiceFileError(String(cString: strerror(number)))
    }
}

import CEspeak
import Glibc

/// Asks the library, in a process of its own, how a voice would say something.
enum Probe {
    /// The commonest characters of Chinese texts, simplified and traditional alike.
    private static let han = "的一是了不在有人我他"
    /// Bytes of phonemes at the most; so many characters take some hundred.
    private static let maxBytes = 16 * 1024

    /// Whether a voice reads Chinese characters. Of one that it does not know the library says what it is, in another
    /// language, whose name is then among the phonemes: `(en)`.
    static func readsHan(_ voice: String) throws(WorkerError) -> Bool {
        let phonemes = try phonemes(of: han, voice: voice)
        return !phonemes.isEmpty && !phonemes.contains(UInt8(ascii: "("))
    }

    /// Empty when the voice cannot be had.
    private static func phonemes(of text: String, voice: String) throws(WorkerError) -> [UInt8] {
        var output: Int32 = -1
        let process = chorus_espeak_start_spelling(voice, text, &output)
        guard process > 0 else { throw .system("start a process that tries a voice") }
        let phonemes = readAll(output)
        close(output)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status == 0 ? phonemes : []
    }

    private static func readAll(_ descriptor: Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: maxBytes) { buffer, count in
            while count < maxBytes {
                let result = read(descriptor, buffer.baseAddress.map { $0 + count }, maxBytes - count)
                if result < 0, errno == EINTR { continue }
                if result <= 0 { return }
                count += result
            }
        }
    }
}

import Foundation

/// The program espeak-ng, which says how a text sounds.
enum EspeakProgram {
    private static let program = URL(fileURLWithPath: "/usr/bin/espeak-ng")

    /// Its WAV without the 44 bytes of header.
    ///
    /// It always takes `[[…]]` for phonemes, unless there is something between the brackets that nobody hears.
    static func samples(
        _ text: String,
        voice: String,
        _ flags: [String] = [],
        phonemes: Bool = false
    ) throws -> [Int16] {
        let text = phonemes ? text : text.replacingOccurrences(of: "[[", with: "[\u{200B}[")
        let arguments = ["-v", try reader(voice), "--stdout"] + flags + [text]
        let wav = try WorkerProcess.run(program, arguments).output
        return wav.dropFirst(44).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
    }

    /// How it pronounces a text, in the International Phonetic Alphabet or in its own letters, a clause on each line.
    static func phonemes(_ text: String, voice: String, ipa: Bool) throws -> String {
        let arguments = ["-v", try reader(voice), "-q", ipa ? "--ipa" : "-x", text]
        return String(decoding: try WorkerProcess.run(program, arguments).output, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The voice to ask. Of a voice for Mandarin that does not read a common character, but goes over to English, its
    /// sister is asked.
    private static func reader(_ voice: String) throws -> String {
        let (base, variant) = (voice.prefix { $0 != "+" }, voice.drop { $0 != "+" })
        guard ["cmn", "zh", "sit/cmn"].contains(base) else { return voice }
        return try readsMandarin.get() ? voice : "sit/cmn-Latn-pinyin\(variant)"
    }

    private static let readsMandarin = Result {
        try !WorkerProcess.run(program, ["-v", "cmn", "-q", "-x", "的"]).output.contains(UInt8(ascii: "("))
    }
}

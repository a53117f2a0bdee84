import FoundationEssentials

/// The server-sent events of `stream_format: sse`, each a line of JSON.
enum SpeechEvent {
    /// A piece of audio.
    static func delta(_ audio: [UInt8]) -> String {
        // Base64 needs no escaping, so this, which is sent many times a second, goes without an encoder.
        #"data: {"type":"speech.audio.delta","audio":"\#(Data(audio).base64EncodedString())"}"# + "\n\n"
    }

    /// All audio has been sent.
    ///
    /// Clients expect a count of tokens, which speech engines do not have. The honest numbers: as input the characters
    /// that were spoken, as output none, and beside them the seconds of audio.
    /// - Parameters:
    ///   - characters: of the text.
    ///   - audio: that was made of it.
    ///   - notes: what the engine remarked on the text.
    static func done(characters: Int, audio: Duration, notes: [String]) throws -> String {
        let usage = Done.Usage(
            inputTokens: characters,
            outputTokens: 0,
            totalTokens: characters,
            audioSeconds: (audio / .milliseconds(1)).rounded() / 1_000
        )
        let notes = notes.isEmpty ? nil : notes
        return try line(Done(usage: usage, notes: notes, warnings: notes))
    }

    /// It ends here, too early. There is no event for this in OpenAI's API; the shape is that of its other streams.
    static func failed(_ error: APIError) throws -> String {
        try line(Failed(error: ErrorBody(error).error))
    }

    private static func line(_ event: some Encodable) throws -> String {
        "data: \(String(decoding: try JSONBody.encode(event), as: UTF8.self))\n\n"
    }

    private struct Done: Encodable {
        struct Usage: Encodable {
            var inputTokens: Int
            var outputTokens: Int
            var totalTokens: Int
            var audioSeconds: Double

            enum CodingKeys: String, CodingKey {
                case inputTokens = "input_tokens"
                case outputTokens = "output_tokens"
                case totalTokens = "total_tokens"
                case audioSeconds = "audio_seconds"
            }
        }

        var type = "speech.audio.done"
        var usage: Usage
        /// Not there when there are none.
        var notes: [String]?
        /// The same for clients of version 0.1; goes with version 0.3.
        var warnings: [String]?
    }

    private struct Failed: Encodable {
        var type = "error"
        var error: ErrorBody.Details
    }
}

import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import SpeechCore

extension SpeechAPI {
    /// `POST /v1/audio/speech`. Waits for the first audio, so that what goes wrong before it has a status of its own.
    func speech(_ request: Request, on channel: any Channel, in exchange: Exchange) async throws -> Answer {
        let body = try await body(of: request, on: channel)
        let asked = try SpeechRequest(body: Data(body.readableBytesView), maxInputCharacters: limits.maxInputCharacters)
        exchange.request = asked
        let utterance = try utterance(for: asked, header: SpeechHeader(request.headers), in: exchange)
        try admit(exchange, characters: asked.input.unicodeScalars.count)
        let stream = try await stream(for: utterance)
        exchange.connection.whenOver { stream.cancel() }
        let isFile = asked.isFile || asked.isQuicklyWhole(segmentCount: stream.segmentCount)
        let speech = try EncodedSpeech(stream, as: asked, isFile: isFile, room: fileRoom, on: encodingExecutor)
        exchange.speech = speech
        metrics.speechBegan()
        let byteCount = isFile ? try await finish(speech, of: asked) : nil
        let first = try await speech.next()
        var fields = Self.fields(of: stream)
        fields[.contentType] = asked.streamFormat == .sse ? "text/event-stream" : asked.format.contentType
        fields[.contentLength] = byteCount.map(String.init)
        // A finished file has all its notes in its header, and needs no trailer.
        let takesTrailers = byteCount == nil && Self.takesTrailers(request)
        if takesTrailers { fields[.trailer] = "Chorus-Notes" }
        return .speech(
            SpeechAnswer(request: asked, fields: fields, first: first, speech: speech, takesTrailers: takesTrailers)
        )
    }

    /// Makes all of an answer before it begins.
    /// - Returns: its size; `nil` if there is no room for it and its client did not ask for it.
    private func finish(_ speech: EncodedSpeech, of asked: SpeechRequest) async throws -> Int? {
        do {
            return try await speech.finish(within: limits)
        } catch let excess as EncodedSpeech.Excess {
            guard asked.isFile else { return nil }
            // At once, so that others have the room.
            speech.drop()
            throw APIError(excess, limits: limits)
        }
    }

    /// What a request asks for, with what its header and its key have to say.
    private func utterance(
        for asked: SpeechRequest,
        header: SpeechHeader,
        in exchange: Exchange
    ) throws -> Utterance {
        let key = exchange.holder?.key
        let priority = try key?.priority(asked: asked.priority) ?? asked.priority ?? .standard
        let timeout = [asked.deadline, header.timeout].compactMap(\.self).min()
        return Utterance(
            id: exchange.id,
            model: asked.model,
            text: asked.input,
            voice: asked.voice,
            engineOptions: asked.engineOptions,
            tenant: key?.name ?? Utterance.anonymousTenant,
            priority: priority,
            playback: header.playback ?? (asked.isFile ? .asap : key?.playback)
                ?? (priority == .bulk ? .asap : nil),
            deadline: timeout.map { exchange.started + $0 },
            caching: header.caching
        )
    }

    /// Begins to speak. A text that takes milliseconds to cut is cut where nobody else has to wait for it.
    private func stream(for utterance: Utterance) async throws -> any SpeechStream {
        guard utterance.text.utf8.count > Self.shortTextBytes else { return try synthesizer.speak(utterance) }
        return try await withTaskExecutorPreference(encodingExecutor) { try synthesizer.speak(utterance) }
    }

    /// A text up to this size, in bytes, is cut within about a millisecond.
    private static let shortTextBytes = 2048

    /// Whether the client reads fields that come after the body (RFC 9110, 6.5.1).
    private static func takesTrailers(_ request: Request) -> Bool {
        request.headers[.te]?.lowercased().split(whereSeparator: { ", \t".contains($0) }).contains("trailers") ?? false
    }

    private static func fields(of stream: any SpeechStream) -> HTTPFields {
        var fields: HTTPFields = [.cacheControl: "no-store", .xAccelBuffering: "no"]
        let timing = stream.timing
        var steps = [("queue", timing.queued), ("first-audio", timing.firstAudio)].compactMap { name, duration in
            duration.map { "\(name);dur=\(Exchange.milliseconds($0))" }
        }
        if let shared = timing.shared { steps.append("cache;desc=\(shared.rawValue)") }
        if !steps.isEmpty { fields[.serverTiming] = steps.joined(separator: ", ") }
        let notes = stream.notes
        fields[.chorusNotes] = NotesField.value(notes)
        fields[.warning] = WarningField.value(notes)
        return fields
    }

    /// All of a request's body.
    /// - Throws: `APIError`, or `BrokenRequest` when the body did not arrive.
    func body(of request: Request, on channel: any Channel) async throws -> ByteBuffer {
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
            throw APIError.encodedBody(coding)
        }
        let limit = limits.bodyBytes(of: request.head)
        let tooLarge = APIError.bodyTooLarge(limit: limit)
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { throw tooLarge }
        if request.headers[.expect]?.lowercased() == "100-continue" {
            channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
        }
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch {
            throw BrokenRequest(cause: error)
        }
    }

    /// Sends speech as it is made.
    /// - Throws: `APIError` when the speech broke off, other errors when the connection did.
    @concurrent
    func send(
        _ answer: SpeechAnswer,
        with writer: consuming ResponseWriter,
        on channel: any Channel,
        in exchange: Exchange
    ) async throws {
        let head = head(.ok, answer.fields, in: exchange)
        var body = PacedWriter(try await writer.writeHead(head), on: channel.eventLoop)
        switch answer.request.streamFormat {
        case .audio:
            try await sendPieces(of: answer, with: &body, in: exchange) { ByteBuffer(bytes: $0) }
        case .sse:
            var end: String
            do {
                try await sendPieces(of: answer, with: &body, in: exchange) {
                    ByteBuffer(string: SpeechEvent.delta($0))
                }
                let characters = answer.request.input.unicodeScalars.count
                let (made, notes) = (answer.speech.made, answer.speech.notes)
                end = try SpeechEvent.done(characters: characters, audio: made, notes: notes)
            } catch let error as APIError {
                end = try SpeechEvent.failed(error)
            }
            try await body.write(ByteBuffer(string: end))
        }
        let notes = answer.takesTrailers ? NotesField.value(answer.speech.notes) : nil
        try await body.finish(trailers: notes.map { [.chorusNotes: $0] })
    }

    @concurrent
    private func sendPieces(
        of answer: SpeechAnswer,
        with body: inout PacedWriter,
        in exchange: Exchange,
        frame: ([UInt8]) -> ByteBuffer
    ) async throws {
        var piece = answer.first
        while let bytes = piece {
            try await body.write(frame(bytes))
            wroteAudio(bytes.count, in: exchange)
            do {
                piece = try await answer.speech.next()
            } catch {
                throw exchange.failed(error)
            }
        }
    }
}

/// The request did not arrive as a whole, so there is nobody to answer.
struct BrokenRequest: Error {
    /// What Hummingbird said of it.
    var cause: any Error
}

extension SpeechRequest {
    /// Whether it is finished before it is sent though nobody asked for that: the header of a wav file says how long
    /// the audio is, and one segment is short enough to wait for.
    fileprivate func isQuicklyWhole(segmentCount: Int) -> Bool {
        format == .wav && streamFormat == .audio && segmentCount == 1
    }
}

extension APIError {
    /// There is no room for a finished file.
    fileprivate init(_ excess: EncodedSpeech.Excess, limits: APILimits) {
        switch excess {
        case .file:
            self.init(
                status: .badRequest,
                code: "audio_too_large",
                message: "The finished audio would have more than \(limits.maxFileBytes) bytes, the most that is made "
                    + "before it is sent. Leave out `stream`, choose a format that takes less, such as `opus`, or send "
                    + "less text.",
                param: "stream"
            )
        case .allFiles:
            self.init(
                status: .serviceUnavailable,
                code: "overloaded",
                message: "\(limits.maxFileTotalBytes) bytes of audio wait to be finished and sent, which is the limit. "
                    + "Leave out `stream`, or try again soon.",
                retryAfter: .seconds(1)
            )
        }
    }
}

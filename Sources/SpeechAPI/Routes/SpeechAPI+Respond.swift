import HTTPTypes
import HummingbirdCore
import NIOCore
import SpeechCore

extension SpeechAPI {
    /// Answers one request, whatever becomes of it.
    /// - Throws: when the response cannot be completed. The connection is then closed, so that the client sees that
    ///   what it has is not all.
    @concurrent
    func respond(to request: Request, with writer: consuming ResponseWriter, on channel: any Channel) async throws {
        let exchange = Exchange(request, on: connections[channel])
        defer { finish(exchange) }
        do {
            switch try await answer(to: request, on: channel, in: exchange) {
            case .page(let page): try await send(page, with: writer, in: exchange)
            case .speech(let answer): try await send(answer, with: writer, on: channel, in: exchange)
            }
        } catch {
            if exchange.connection.end != nil || !(error is APIError) { exchange.broke() }
            throw error
        }
    }

    /// Finds out what to answer. All trouble that can still be told with a status of its own is an answer, too.
    /// - Throws: when the request did not arrive as a whole.
    private func answer(to request: Request, on channel: any Channel, in exchange: Exchange) async throws -> Answer {
        do {
            return try await route(request, on: channel, in: exchange)
        } catch let error as BrokenRequest {
            throw error.cause
        } catch {
            return .page(try Page(exchange.failed(error)))
        }
    }

    private func route(_ request: Request, on channel: any Channel, in exchange: Exchange) async throws -> Answer {
        if let preflight = try meet(request, in: exchange) { return .page(preflight) }
        try authenticate(request, in: exchange)
        guard let route = exchange.route else { throw APIError.noRoute(exchange.method, exchange.path) }
        guard route.methods.contains(exchange.method) else { throw APIError.wrongMethod(exchange.method, at: route) }
        guard exchange.method != .options else { return .page(Page(allowing: route.methods)) }
        return switch route {
        case .speech: try await speech(request, on: channel, in: exchange)
        case .models: .page(try models())
        case .audioModels: .page(try audioModels())
        case .model(let id): .page(try model(id))
        case .voices where exchange.method == .post: .page(try await makeVoice(request, on: channel, in: exchange))
        case .voices: .page(try voices(query: exchange.query))
        case .voice(let name): .page(try await deleteVoice(name, query: exchange.query))
        case .live: .page(try live())
        case .ready: .page(try ready())
        case .pool: .page(try Page(json: await pool.snapshot()))
        case .reload: .page(try await reloaded())
        case .quarantine where exchange.method == .delete: .page(try await releaseQuarantined(nil))
        case .quarantine: .page(try await quarantine())
        case .quarantined(let id): .page(try await releaseQuarantined(id))
        case .drain(let instance): .page(try await drain(instance))
        case .restart(let instance): .page(try await restart(instance))
        case .scale(let engine): .page(try await scale(engine, request, on: channel))
        case .metrics: .page(Page("text/plain; version=0.0.4; charset=utf-8", ByteBuffer(string: metricsText())))
        }
    }

    @concurrent
    private func send(_ page: Page, with writer: consuming ResponseWriter, in exchange: Exchange) async throws {
        let head = head(page.status, page.fields, in: exchange)
        if exchange.method == .head || page.body.readableBytes == 0 {
            try await writer.writeResponse(head)
        } else {
            try await writer.write(response: head, body: ResponseBody(byteBuffer: page.body))
        }
        if exchange.speech != nil, page.status == .ok { wroteAudio(page.body.readableBytes, in: exchange) }
    }

    /// The head of every response.
    func head(_ status: HTTPResponse.Status, _ fields: HTTPFields, in exchange: Exchange) -> HTTPResponse {
        var fields = fields
        fields[.date] = HTTPDate.format(Self.now)
        fields[.server] = "chorus"
        fields[.xRequestID] = exchange.id
        fields.append(contentsOf: rateFields(in: exchange))
        fields.append(contentsOf: pageFields(in: exchange))
        return HTTPResponse(status: status, headerFields: fields)
    }

    /// Some audio has been written.
    func wroteAudio(_ bytes: Int, in exchange: Exchange) {
        metrics.audioWritten(bytes: bytes)
        guard exchange.firstAudio == nil else { return }
        let firstAudio = exchange.started.duration(to: .now)
        exchange.firstAudio = firstAudio
        metrics.firstAudioWritten(after: firstAudio)
    }

    private func finish(_ exchange: Exchange) {
        exchange.connection.release()
        exchange.permit?.end()
        if let speech = exchange.speech {
            speech.drop()
            metrics.speechEnded(made: speech.made)
        }
        metrics.finished(route: exchange.route?.label ?? "other", status: exchange.status.code)
        exchange.log(to: logger)
    }
}

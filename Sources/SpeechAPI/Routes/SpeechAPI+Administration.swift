import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore
import SpeechCore

/// What those may do who run the server.
extension SpeechAPI {
    private struct Quarantine: Encodable {
        var texts: [QuarantinedText]
    }

    private struct Released: Encodable {
        var released: Int
    }

    private struct Scale: Decodable {
        var instances: Int?

        enum CodingKeys: String, CodingKey { case instances }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            instances = try container.field(.instances, expected: "a whole number")
        }
    }

    /// `POST /v1/pool/reload`. The instances are replaced while the answer is read: `/v1/pool` shows how far it is.
    func reloaded() async throws -> Page {
        let report: ReloadReport
        do throws(ReloadError) {
            report = try await reload()
        } catch {
            throw SpeechError.invalid("The configuration has mistakes, and nothing has changed: \(error)")
        }
        return try Page(status: .accepted, json: report)
    }

    /// `GET /v1/pool/quarantine`.
    func quarantine() async throws -> Page { try Page(json: Quarantine(texts: await administrator.quarantine())) }

    /// `DELETE /v1/pool/quarantine`, `/v1/pool/quarantine/{id}`.
    func releaseQuarantined(_ id: String?) async throws -> Page {
        let released = await administrator.release(quarantined: id)
        guard id == nil || released > 0 else {
            throw SpeechError(.notFound, "No text in quarantine has this id. GET /v1/pool/quarantine lists all.")
        }
        return try Page(json: Released(released: released))
    }

    /// `POST /v1/pool/instances/{id}/drain`.
    func drain(_ instance: String) async throws -> Page {
        try await administrator.drain(instance: instance)
        return try Page(status: .accepted, json: await pool.snapshot())
    }

    /// `POST /v1/pool/instances/{id}/restart`.
    func restart(_ instance: String) async throws -> Page {
        try await administrator.restart(instance: instance)
        return try Page(status: .accepted, json: await pool.snapshot())
    }

    /// `POST /v1/pool/engines/{name}/scale`.
    func scale(_ engine: String, _ request: Request, on channel: any Channel) async throws -> Page {
        let body = Data(try await body(of: request, on: channel).readableBytesView)
        let asked = try RequestBody.decode(Scale.self, from: body, example: #"{"instances": 4}"#)
        guard let instances = asked.instances else {
            throw SpeechError.invalid("`instances` is missing: how many there are to be.", param: "instances")
        }
        try await administrator.scale(engine: engine, instances: instances)
        return try Page(status: .accepted, json: await pool.snapshot())
    }
}

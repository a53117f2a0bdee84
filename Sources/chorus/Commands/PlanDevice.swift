import Devices

/// A device that is planned for.
struct PlanDevice: Sendable, Equatable {
    /// Such as `cuda:0`.
    var name: String
    /// What it is sold as; of one that was given, what this machine has of its kind, so that what was measured there
    /// counts for it. `nil` if it has none.
    var model: String?
    /// What it has, in bytes.
    var totalBytes: Int
    /// What is used of it already, in bytes.
    var usedBytes = 0
    /// Whether flags told of it.
    var isGiven = false

    /// Where host memory is.
    static let host = "cpu"

    private var isHost: Bool { name == Self.host }

    /// The devices that flags tell of; none if they do not.
    static func given(gpus: [PlanArguments.GPUs], hostBytes: Int?) -> [PlanDevice] {
        let memories = gpus.flatMap { Array(repeating: $0.bytes, count: $0.count) }
        return memories.enumerated().map { PlanDevice(name: "cuda:\($0)", totalBytes: $1, isGiven: true) }
            + (hostBytes.map { [PlanDevice(name: host, totalBytes: $0, isGiven: true)] } ?? [])
    }

    /// The devices of this machine.
    /// - Parameter hostLimitBytes: what the host may be taken to have, if that is less than it has.
    static func seen(_ readings: [DeviceReading], hostLimitBytes: Int?) -> [PlanDevice] {
        readings.map { reading in
            let limit = reading.device == host ? hostLimitBytes : nil
            let seen = limit.map { reading.limited(to: $0, heldBytes: 0) } ?? reading
            return PlanDevice(
                name: seen.device,
                model: seen.model,
                totalBytes: seen.totalBytes,
                usedBytes: seen.usedBytes
            )
        }
    }

    /// The same, of the model that this machine has of its kind.
    func modelled(on others: [PlanDevice]) -> PlanDevice {
        var device = self
        device.model = others.first { $0.isHost == isHost }?.model
        return device
    }
}

import CNVML

/// NVIDIA's management library, opened and initialised.
final class NVML {
    private let api: UnsafeMutablePointer<chorus_nvml>

    /// A GPU's handle; it is void when this object is gone.
    struct GPU {
        fileprivate let handle: chorus_nvml_device
        /// Tells it from all others; `nil` if it cannot be asked.
        let uuid: String?
    }

    /// Processes of a GPU that are told apart at the most; of more, none are.
    private static let processLimit = 1024

    /// - Parameter library: its name or path.
    init(library: String) throws(NVMLError) {
        var reason = [CChar](repeating: 0, count: 512)
        guard let api = chorus_nvml_open(library, &reason, reason.count) else {
            throw NVMLError(message: String(untilZero: reason), saysThereIsNone: true)
        }
        if let error = NVMLError(api.pointee.`init`(), from: api.pointee) {
            chorus_nvml_close(api)
            throw error
        }
        self.api = api
    }

    deinit {
        _ = api.pointee.shutdown()
        chorus_nvml_close(api)
    }

    var driverVersion: String {
        guard let ask = api.pointee.driver_version else { return "of unknown version" }
        return (try? text { ask($0, $1) }) ?? "of unknown version"
    }

    /// How many GPUs there are, those that do not work included.
    func count() throws(NVMLError) -> Int {
        var count: CUnsignedInt = 0
        try check(api.pointee.device_count(&count))
        return Int(count)
    }

    /// - Parameter index: from 0, in the order of PCI addresses.
    func gpu(at index: Int) throws(NVMLError) -> GPU {
        var device: chorus_nvml_device?
        try check(api.pointee.device_by_index(CUnsignedInt(index), &device))
        guard let device else { throw NVMLError(message: "GPU \(index) has no handle") }
        return GPU(handle: device, uuid: try? text { api.pointee.device_uuid(device, $0, $1) })
    }

    /// How full a GPU is.
    /// - Parameter name: what to call it.
    func read(_ gpu: GPU, as name: String) throws(NVMLError) -> DeviceReading {
        var memory = chorus_nvml_memory()
        try check(api.pointee.device_memory(gpu.handle, &memory))
        return DeviceReading(
            device: name,
            model: try text { api.pointee.device_name(gpu.handle, $0, $1) },
            uuid: gpu.uuid,
            totalBytes: Int(clamping: memory.total),
            usedBytes: Int(clamping: memory.used),
            utilization: utilization(of: gpu),
            processBytes: processes(of: gpu)
        )
    }

    private func utilization(of gpu: GPU) -> Double? {
        var utilization = chorus_nvml_utilization()
        guard let ask = api.pointee.device_utilization, ask(gpu.handle, &utilization) == CHORUS_NVML_SUCCESS else {
            return nil
        }
        return Double(utilization.gpu) / 100
    }

    private func processes(of gpu: GPU) -> [Int32: Int] {
        guard let ask = api.pointee.device_processes else { return [:] }
        let processes = [chorus_nvml_process](unsafeUninitializedCapacity: Self.processLimit) { buffer, found in
            var count = CUnsignedInt(buffer.count)
            found = ask(gpu.handle, &count, buffer.baseAddress) == CHORUS_NVML_SUCCESS ? Int(count) : 0
        }
        let told = processes.filter { $0.used_bytes != .max }
            .map { (Int32(truncatingIfNeeded: $0.pid), Int(clamping: $0.used_bytes)) }
        return Dictionary(told, uniquingKeysWith: +)
    }

    private func text(_ ask: (UnsafeMutablePointer<CChar>, CUnsignedInt) -> CInt) throws(NVMLError) -> String {
        var bytes = [CChar](repeating: 0, count: Int(CHORUS_NVML_TEXT_SIZE))
        try check(ask(&bytes, CUnsignedInt(bytes.count)))
        return String(untilZero: bytes)
    }

    private func check(_ code: CInt) throws(NVMLError) {
        if let error = NVMLError(code, from: api.pointee) { throw error }
    }
}

extension String {
    /// What a buffer of C holds up to its first zero.
    fileprivate init(untilZero bytes: [CChar]) {
        self.init(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

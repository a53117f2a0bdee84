/// NVIDIA's GPUs as their driver tells of them. When the driver fails, it is opened anew by the next look.
struct NVIDIAGPUs {
    private let library: String
    private let visibleDevices: String?
    /// The driver, as long as it works.
    private var nvml: NVML?
    /// Whether this machine has such GPUs, even if the driver has gone meanwhile.
    private(set) var exist = false

    /// - Parameters:
    ///   - library: NVML's name or path.
    ///   - visibleDevices: `CUDA_VISIBLE_DEVICES`.
    init(library: String, visibleDevices: String?) {
        self.library = library
        self.visibleDevices = visibleDevices
    }

    mutating func read() -> DeviceFindings {
        do throws(NVMLError) {
            let nvml = try opened()
            return read(nvml, count: try nvml.count())
        } catch {
            nvml = nil
            if !error.saysThereIsNone { exist = true }
            return DeviceFindings(notes: ["NVIDIA: \(error.message)\(exist ? Self.remedy : Self.absence)"])
        }
    }

    private mutating func opened() throws(NVMLError) -> NVML {
        if let nvml { return nvml }
        let opened = try NVML(library: library)
        nvml = opened
        return opened
    }

    private static let absence =
        "; if this machine has such GPUs, install their driver, or start this container with them (`--gpus all`)"
    private static let remedy = "; if `nvidia-smi` fails too, load the driver again or restart the machine"

    private mutating func read(_ nvml: NVML, count: Int) -> DeviceFindings {
        if count > 0 { exist = true }
        let gpus = (0..<count).map { index in Result { () throws(NVMLError) in try nvml.gpu(at: index) } }
        let positions = VisibleDevices.positions(listedBy: visibleDevices, among: gpus.map { try? $0.get().uuid })
        var note = "NVIDIA: driver \(nvml.driverVersion), \(DeviceFindings.gpus(count))"
        if let visibleDevices { note += ", \(positions.count) visible by CUDA_VISIBLE_DEVICES=\(visibleDevices)" }
        var findings = DeviceFindings(notes: [note])
        for (number, position) in positions.enumerated() {
            let device = "cuda:\(number)"
            do throws(NVMLError) {
                findings.readings.append(try nvml.read(try gpus[position].get(), as: device))
            } catch {
                findings.notes.append("NVIDIA: \(device) is left out: \(error.message)\(Self.remedy)")
                if error.mayPass { self.nvml = nil }
            }
        }
        return findings
    }
}

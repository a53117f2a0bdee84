/// The machine's own memory, as far as it is for us.
struct Host: Sendable {
    private let files: KernelFiles
    private let model: String

    init(in files: KernelFiles) {
        self.files = files
        model = Self.model(in: files)
    }

    /// The CPU's name. To be asked once: the kernel may have to wake every core to answer.
    private static func model(in files: KernelFiles) -> String {
        let lines = files.text(at: "/proc/cpuinfo")?.split(separator: "\n") ?? []
        // Not all architectures have names.
        guard let line = lines.first(where: { $0.hasPrefix("model name") }) else { return "CPU" }
        return String(line.drop { $0 != ":" }.dropFirst().drop { $0 == " " })
    }

    func read() -> DeviceFindings {
        let machine = files.values(at: "/proc/meminfo")
        guard let total = machine["MemTotal"], let available = machine["MemAvailable"] else {
            return DeviceFindings(notes: ["Host: /proc/meminfo does not tell how much memory there is; mount /proc"])
        }
        // Looked for each time, as we can be moved to another group.
        let groups = ControlGroups(in: files)
        let bound = MemoryBound(owner: "the machine", limitBytes: total, roomBytes: available)
            .tightened(by: groups.bounds())
        let pressure = groups.pressure() ?? files.text(at: "/proc/pressure/memory")
        return DeviceFindings(
            readings: [
                DeviceReading(
                    device: "cpu",
                    model: model,
                    totalBytes: bound.limitBytes,
                    usedBytes: bound.limitBytes - bound.roomBytes,
                    pressure: pressure.flatMap(Self.pressure)
                )
            ],
            notes: bound.limitBytes < total
                ? ["Host: \(bound.owner) limits memory to \(bound.limitBytes >> 20) MiB"] : []
        )
    }

    /// The share of ten seconds in the kernel's words, `some avg10=1.25 avg60=…`, where 1.25 is a percentage.
    private static func pressure(in text: String) -> Double? {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count > 1, words[0] == "some", words[1].hasPrefix("avg10=") else { return nil }
        return Double(words[1].dropFirst("avg10=".count)).map { $0 / 100 }
    }
}

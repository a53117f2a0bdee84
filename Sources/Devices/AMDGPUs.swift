/// AMD's GPUs as their driver shows them in `/sys`. They are called `cuda:0` and so on, as PyTorch calls them on ROCm.
struct AMDGPUs: Sendable {
    private let files: KernelFiles
    private let environment: [String: String]

    private static let directory = "/sys/class/drm"
    /// AMD's number among the makers of PCI devices.
    private static let vendor = "0x1002"

    init(in files: KernelFiles, environment: [String: String]) {
        self.files = files
        self.environment = environment
    }

    func read() -> DeviceFindings {
        let cards = cards()
        if cards.isEmpty { return DeviceFindings() }
        let visible = visible(among: cards)
        var findings = DeviceFindings(notes: [
            "AMD: \(DeviceFindings.gpus(cards.count)) by sysfs, \(visible.count) visible"
        ])
        for (number, card) in visible.enumerated() {
            let device = "cuda:\(number)"
            if let reading = reading(of: card, as: device) {
                findings.readings.append(reading)
            } else {
                findings.notes.append("AMD: \(device) is left out: the kernel does not tell its memory in \(card)")
            }
        }
        return findings
    }

    /// The directories of those that tell of their memory, ordered by PCI address, which is ROCm's order.
    private func cards() -> [String] {
        files.names(in: Self.directory)
            // Not the connectors, such as `card0-DP-1`.
            .filter { $0.hasPrefix("card") && $0.dropFirst("card".count).allSatisfy(\.isNumber) }
            .map { "\(Self.directory)/\($0)/device" }
            .filter { files.text(at: "\($0)/vendor") == Self.vendor && files.exists("\($0)/mem_info_vram_total") }
            .map { (address: files.linkedName(at: $0) ?? "", card: $0) }
            .sorted { $0 < $1 }
            .map(\.card)
    }

    /// ROCm's own list is applied first; HIP's counts what that leaves.
    private func visible(among cards: [String]) -> [String] {
        var cards = cards
        let lists = [
            environment["ROCR_VISIBLE_DEVICES"],
            environment["HIP_VISIBLE_DEVICES"] ?? environment["CUDA_VISIBLE_DEVICES"],
        ]
        for list in lists {
            cards = VisibleDevices.positions(listedBy: list, among: cards.map(uuid)).map { cards[$0] }
        }
        return cards
    }

    private func uuid(of card: String) -> String? {
        files.text(at: "\(card)/unique_id").map { "GPU-\($0)" }
    }

    private func reading(of card: String, as device: String) -> DeviceReading? {
        guard let total = files.number(at: "\(card)/mem_info_vram_total"),
            let used = files.number(at: "\(card)/mem_info_vram_used")
        else { return nil }
        return DeviceReading(
            device: device,
            model: model(of: card),
            uuid: uuid(of: card),
            totalBytes: total,
            usedBytes: used,
            utilization: files.number(at: "\(card)/gpu_busy_percent").map { Double($0) / 100 }
        )
    }

    /// Its name, which only some server cards know; else its number among AMD's products tells models apart.
    private func model(of card: String) -> String {
        if let name = files.text(at: "\(card)/product_name"), !name.isEmpty { return name }
        return files.text(at: "\(card)/device").map { "AMD GPU \($0)" } ?? "AMD GPU"
    }
}

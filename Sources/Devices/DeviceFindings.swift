/// What came of a look at devices of one kind.
struct DeviceFindings {
    var readings: [DeviceReading] = []
    /// What there is to say about them, for people.
    var notes: [String] = []

    /// A number of GPUs, in words.
    static func gpus(_ count: Int) -> String { count == 1 ? "1 GPU" : "\(count) GPUs" }
}

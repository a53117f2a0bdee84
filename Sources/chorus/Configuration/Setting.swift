/// A single value of the configuration: its name in the file, in the environment and as a flag, and how it is written.
struct Setting: Sendable {
    /// Where it stands in the file, such as `queue.max_jobs`.
    let name: String
    /// What is allowed, to follow "it must be".
    let allowed: String
    /// Writes the value that a configuration has.
    let text: @Sendable (Configuration) -> String
    /// Reads a value into a configuration; `false` if the text is not allowed.
    let apply: @Sendable (String, inout Configuration) -> Bool

    private init<Value>(
        _ name: String,
        _ path: any WritableKeyPath<Configuration, Value> & Sendable,
        _ format: ValueFormat<Value>
    ) {
        self.name = name
        self.allowed = format.allowed
        self.text = { format.write($0[keyPath: path]) }
        self.apply = { text, configuration in
            guard let value = format.read(text) else { return false }
            configuration[keyPath: path] = value
            return true
        }
    }

    /// The variable that overrides it, such as `CHORUS_QUEUE_MAX_JOBS`.
    var variable: String { "CHORUS_" + String(name.uppercased().map { $0 == "." ? "_" : $0 }) }

    /// The flag that overrides it, where a command has one, such as `--log-level`.
    var flag: String { "--" + String(name.map { $0 == "." || $0 == "_" ? "-" : $0 }) }

    /// The single values of the file, in the order in which they are shown. Each has a variable.
    static let all: [Setting] = [
        Setting("listen", \.listen, .address),
        Setting("insecure", \.isInsecure, .flag),
        Setting("tls.certificate", \.tls.certificate, .orNone(.file)),
        Setting("tls.key", \.tls.key, .orNone(.file)),
        Setting("admin_socket", \.adminSocket, .orNone(.file)),
        Setting("watch", \.isWatched, .flag),
        Setting("queue.max_jobs", \.queue.maxJobs, .integer(1...1_000_000)),
        Setting("queue.max_jobs_per_tenant", \.queue.maxJobsPerTenant, .integer(1...1_000_000)),
        Setting("queue.max_wait", \.queue.maxWait, .duration(.milliseconds(100) ... .seconds(3_600))),
        Setting("queue.max_bulk_wait", \.queue.maxBulkWait, .duration(.milliseconds(100) ... .seconds(86_400))),
        Setting("queue.max_bytes", \.queue.maxBytes, .size(1 << 10...1 << 32, example: "64MiB")),
        Setting("queue.target_wait", \.queue.targetWait, .duration(.milliseconds(10) ... .seconds(3_600))),
        Setting("queue.order", \.queue.order, .choice),
        Setting("segment_gap", \.segmentGap, .duration(.zero ... .seconds(10))),
        Setting("limits.max_input", \.limits.maxInput, .integer(1...10_000_000)),
        Setting("limits.max_body", \.limits.maxBody, .size(1 << 10...1 << 26, example: "512KiB")),
        Setting("limits.max_file", \.limits.maxFile, .size(1 << 16...1 << 32, example: "64MiB")),
        Setting("limits.max_file_total", \.limits.maxFileTotal, .size(1 << 16...1 << 40, example: "256MiB")),
        Setting("limits.max_streams", \.limits.maxStreams, .integer(1...100_000)),
        Setting("limits.write_stall", \.limits.writeStall, .duration(.seconds(1) ... .seconds(3_600))),
        Setting(
            "memory.reserve",
            \.memory.reserveBytes,
            .orAuto(.size(Configuration.Memory.reserves, example: "512MiB"))
        ),
        Setting(
            "memory.host_limit",
            \.memory.hostLimitBytes,
            .orAuto(.size(Configuration.Memory.hostLimits, example: "8GiB"))
        ),
        Setting("cache.memory", \.cache.memoryBytes, .size(Configuration.Cache.sizes, example: "64MiB")),
        Setting("cache.disk", \.cache.diskBytes, .size(Configuration.Cache.sizes, example: "10GiB")),
        Setting("state_dir", \.stateDirectory, .directory),
        Setting("drain_timeout", \.drainTimeout, .duration(.zero ... .seconds(3_600))),
        Setting("log.level", \.log.level, .choice),
        Setting("log.format", \.log.format, .choice),
    ]

    /// The number of instances of every engine: a variable and a flag, but in the file each engine has its own.
    static let instances = Setting("instances", \.instances, .orAuto(.integer(InstanceCount.range)))
}

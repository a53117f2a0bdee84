import Supervisor

/// What instances get of Chorus's own environment: where things are, the language, and how their libraries compute.
/// Everything else is left out, above all what others have confided to Chorus: keys, tokens, and its own settings.
enum WorkerEnvironment {
    /// Variables that instances inherit.
    static let names: Set<String> = [
        // Who and where.
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
        // Language and time.
        "LANG", "LANGUAGE", "TZ",
        // Libraries, and whom they trust.
        "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        // Python.
        "VIRTUAL_ENV", "CONDA_PREFIX", "TOKENIZERS_PARALLELISM",
        // What they do when they crash, and where espeak's voices are.
        "SWIFT_BACKTRACE", "ESPEAK_DATA_PATH",
    ]

    /// Variables that begin like this are inherited, unless they are secrets.
    static let prefixes = [
        "LC_", "PYTHON", "CUDA_", "CUDNN_", "NVIDIA_", "NCCL_", "HIP_", "HSA_", "ROCR_", "OMP_", "KMP_", "GOMP_",
        "MKL_",
        "OPENBLAS_", "NUMEXPR_", "NUMBA_", "HF_", "TRANSFORMERS_", "TORCH", "PYTORCH_", "TRITON_",
    ]

    /// What makes a secret of a variable that only begins like one that is inherited, such as `HF_TOKEN`.
    static let secrets = ["TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIAL"]

    /// Whether a variable is inherited.
    static func isInherited(_ name: String) -> Bool {
        names.contains(name)
            || prefixes.contains { name.hasPrefix($0) } && !secrets.contains { name.uppercased().contains($0) }
    }
}

extension EngineConfiguration {
    /// The whole environment of its instances.
    /// - Parameters:
    ///   - inherited: Chorus's own environment.
    ///   - defaults: what holds unless the environment says otherwise.
    ///   - account: whose rights they have, if they are not Chorus's.
    func instanceEnvironment(
        inherited: [String: String],
        defaults: [String: String] = [:],
        account: UserAccount?
    ) -> [String: String] {
        let passed = inherited.filter { WorkerEnvironment.isInherited($0.key) || passedVariables.contains($0.key) }
        var all = defaults.merging(passed) { $1 }
        if let account {
            // What is ours is not theirs.
            for name in ["TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] { all[name] = nil }
            for (name, value) in [("HOME", account.home), ("USER", account.name), ("LOGNAME", account.name)] {
                all[name] = value
            }
        }
        return all.merging(environment) { $1 }
    }
}

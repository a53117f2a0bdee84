import Glibc

/// How many files and sockets this process may have open.
enum OpenFilesLimit {
    /// Enough for any number of streams and workers that a configuration can ask for. More only makes tables larger.
    static let wanted = 65_536

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// What the process may raise its limit to.
    static var highest: Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_max)
    }

    /// Raises the limit as far as it is allowed and useful: the usual one is 1024, which a thousand streams exceed.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(wanted) else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
        setrlimit(resource, &limit)
    }
}

package import Glibc

/// An account of this system whose rights an engine's processes are to have. Only root can give them away.
package struct UserAccount: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// Its number.
    package var uid: uid_t
    /// The number of its first group.
    package var gid: gid_t
    /// The numbers of all groups that it is in.
    package var groups: [gid_t]
    /// The directory that is its own.
    package var home: String

    /// Most groups that a user may be in, as the kernel has it.
    private static let groupLimit: CInt = 65_536
    /// Most bytes that an account's entry may have.
    private static let entryLimitBytes = 64 << 10

    /// Looks an account up.
    /// - Returns: `nil` if this system does not know it.
    package init?(named name: String) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var strings = [CChar](repeating: 0, count: Self.entryLimitBytes)
        guard getpwnam_r(name, &entry, &strings, strings.count, &found) == 0, found != nil, let home = entry.pw_dir
        else { return nil }
        self.name = name
        uid = entry.pw_uid
        gid = entry.pw_gid
        self.home = String(cString: home)
        // Asked without room for them it says how many there are.
        var count: CInt = 0
        getgrouplist(name, gid, nil, &count)
        groups = [gid_t](repeating: gid, count: Int(min(count, Self.groupLimit)))
        count = CInt(groups.count)
        guard getgrouplist(name, gid, &groups, &count) >= 0 else { return nil }
        groups.removeLast(groups.count - Int(count))
    }

    /// Whether we may start processes that have another user's rights.
    package static var mayBeGiven: Bool { geteuid() == 0 }
}

import Supervisor

extension Configuration {
    /// Why it cannot be run by us: what is wrong, and what to do. `nil` if all is well.
    /// - Parameter isRoot: whether we can start processes as other users.
    func lackOfRights(isRoot: Bool = UserAccount.mayBeGiven) -> String? {
        guard !isRoot, let engine = engines.first(where: { $0.user != nil }) else { return nil }
        return """
            Engine '\(engine.name)' has a 'user', and only root can start processes as somebody else. Run Chorus as \
            root, or leave it out.
            """
    }
}

extension EngineConfiguration {
    /// The account whose rights its instances have; `nil` for those of Chorus.
    /// - Throws: when there is none of that name. Then they are not to have ours.
    var account: UserAccount? {
        get throws(CommandError) {
            guard let user else { return nil }
            guard let account = UserAccount(named: user) else {
                throw CommandError("This system has no user \(user), as whom engine '\(name)' is to run.")
            }
            return account
        }
    }
}

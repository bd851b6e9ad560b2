//! What one call is given: what its schedule grants, and the folder of a restore.
//!
//! Owns: which trees a request may see. Never: what a schedule grants (`strongroom_capabilities::grant`).

use std::sync::Arc;

use strongroom_capabilities::{Backends, Granted, GrantedTree, Scope, grant};
use strongroom_domain::grants::Access;
use strongroom_domain::retry::Failure;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_sandbox::Plugin;
use strongroom_sandbox::call::Call;
use strongroom_sandbox::capability::progress::{Progress, Report};
use strongroom_sandbox::role::Request;
use strongroom_sandbox::role::snapshots::Action;

use super::context::{CallContext, Observer};
use super::prepared::{Credentials, RESTORE_TREE};

/// Makes what one call is given.
pub(super) fn granted(
    context: &CallContext,
    (plugin, credentials): (&Plugin, &Credentials),
    schedule: &Schedule,
    call: &Call,
    request: &Request,
) -> Result<Granted, Failure> {
    let place = context.restore_to.clone().filter(|_| restores(request));
    let scope = Scope {
        plugin,
        schedule,
        credentials,
        tenant: &call.tenant,
        run: call.run_id,
        dry_run: call.dry_run,
        sources: reads_sources(request),
        place: place.map(|folder| GrantedTree {
            name: RESTORE_TREE.to_owned(),
            folder,
            access: Access::Write,
        }),
        progress: Arc::new(RunProgress {
            observer: context.observer.clone(),
            schedule: schedule.name.clone(),
            tenant: call.tenant.clone(),
        }),
    };
    let backends = Backends {
        ledger: &context.ledger,
        egress: &context.egress,
        own_databases: &context.own_databases,
    };
    grant(backends, scope).map_err(|error| Failure::invalid(error.to_string()))
}

/// A restore needs the place and nothing that is alive: the sources stay shut.
fn reads_sources(request: &Request) -> bool {
    match request {
        Request::Snapshots(Action::Create | Action::Copy { .. } | Action::Poll { .. })
        | Request::Task(_) => true,
        Request::Snapshots(
            Action::Delete { .. } | Action::Restore { .. } | Action::Verify { .. },
        )
        | Request::Get(_)
        | Request::List(_) => false,
    }
}

fn restores(request: &Request) -> bool {
    matches!(
        request,
        Request::Snapshots(Action::Restore { .. } | Action::Poll { .. })
    )
}

/// Tells the observer whose call it is that comes along.
struct RunProgress {
    observer: Arc<dyn Observer>,
    schedule: ScheduleName,
    tenant: TenantName,
}

impl Progress for RunProgress {
    fn report(&self, report: Report) {
        self.observer
            .progress(&self.schedule, &self.tenant, &report);
    }
}

//! The counterparts prove themselves: what they are by their providers' own clients, what they do by their own tests.

use strongroom_tests::Counterpart;

#[test]
fn the_fake_of_compute_engine_satisfies_its_providers_own_clients() {
    Counterpart::proves("gcp", "--prove");
}

#[test]
fn the_fake_of_compute_engine_refuses_what_its_providers_document_does_not_allow() {
    Counterpart::proves("gcp", "--test");
}

#[test]
fn the_real_block_storage_does_what_its_page_says() {
    Counterpart::proves("openstack", "--prove");
}

#[test]
fn the_real_storage_server_does_what_its_page_says() {
    Counterpart::proves("lxd", "--prove");
}

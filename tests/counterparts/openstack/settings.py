"""The configuration files of RabbitMQ, Keystone and Cinder for one run.

Owns: every setting that differs from the servers' defaults, with its reason.
Never: starts anything.
Read next: start.
"""

KEYSTONE = """\
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///{folder}/keystone.db?timeout=60
sqlite_synchronous = false
[fernet_tokens]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credential
[cache]
enabled = false
[identity]
# The cheapest rounds: a login would otherwise cost a quarter of a second of processor time.
password_hash_rounds = 4
"""

CINDER = """\
[DEFAULT]
use_stderr = true
state_path = {folder}/cinder
api_paste_config = {etc}/api-paste.ini
resource_query_filters_file = {etc}/resource_filters.json
rootwrap_config = {etc}/rootwrap.conf
osapi_volume_listen = 127.0.0.1
osapi_volume_listen_port = {cinder_port}
osapi_volume_workers = 1
public_endpoint = http://127.0.0.1:{cinder_port}
auth_strategy = keystone
transport_url = rabbit://guest:guest@127.0.0.1:{amqp_port}/
enabled_backends = place
host = counterpart
my_ip = 127.0.0.1
# A list is cut after ten entries even where the client sets no limit: who does not follow the links is found out.
osapi_max_limit = 10
quota_volumes = 50
quota_snapshots = 50
# The scheduler hears of the backend at once rather than after up to a minute.
backend_stats_polling_interval = 3
periodic_fuzzy_delay = 0
[oslo_policy]
# Without this the role `reader` may write, as in the years before roles meant something.
enforce_new_defaults = true
[database]
connection = sqlite:///{folder}/cinder.db?timeout=60
sqlite_synchronous = false
[place]
volume_driver = bytes_driver.BytesDriver
volume_backend_name = place
[oslo_messaging_rabbit]
# The broker is the last to be up.
rabbit_retry_interval = 1
rabbit_retry_backoff = 0
[oslo_concurrency]
lock_path = {folder}/cinder/lock
[coordination]
backend_url = file://{folder}/cinder/coordination
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:{keystone_port}/v3
auth_url = http://127.0.0.1:{keystone_port}/v3
auth_type = password
username = cinder
password = {service_password}
project_name = service
user_domain_id = default
project_domain_id = default
# The catalog holds public endpoints only.
interface = public
# Without this the access rules of application credentials are refused altogether.
service_type = block-storage
"""

RABBIT = """\
listeners.tcp.1 = 127.0.0.1:{amqp_port}
"""


def rabbit_environment(folder, amqp_port, dist_port, epmd_port):
    """The environment in which `rabbitmq-server` is a broker of its own: own name server, ports and folders."""
    return {
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(epmd_port),
        "RABBITMQ_NODENAME": "counterpart@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(amqp_port),
        "RABBITMQ_DIST_PORT": str(dist_port),
        "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
        "RABBITMQ_LOG_BASE": f"{folder}/rabbit-logs",
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": f"{folder}/rabbit.pid",
        "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
        "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/none.config",
        "RABBITMQ_CONF_ENV_FILE": f"{folder}/none.conf",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/rabbit-plugins",
        # One scheduler that does not spin: the broker is idle nearly always, and the machine is small.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +A 4 "
        "+sbwt none +sbwtdcpu none +sbwtdio none",
    }

create table organisation (
    id   int generated always as identity primary key,
    name text not null
);

create table app_user (
    id              int generated always as identity primary key,
    organisation_id int not null references organisation on delete cascade,
    email           text not null unique,
    name            text not null
);
create index on app_user (organisation_id);

create table product (
    id          int generated always as identity primary key,
    slug        text not null unique,
    name        text not null,
    category    text not null,
    description text not null,
    price       numeric(10, 2) not null check (price > 0),
    stock       int not null check (stock >= 0)
);
create index on product (category);

create table customer_order (
    id        int generated always as identity primary key,
    user_id   int not null references app_user on delete cascade,
    placed_at timestamptz not null default now()
);
create index on customer_order (user_id);

create table order_line (
    order_id   int not null references customer_order on delete cascade,
    product_id int not null references product,
    quantity   int not null check (quantity > 0),
    unit_price numeric(10, 2) not null,
    primary key (order_id, product_id)
);
create index on order_line (product_id);

create table page_view (
    product_id int not null,
    seen_at    timestamptz not null
);
